import { PolicyPack } from "@pulumi/policy";
import { rules } from "./rules";

new PolicyPack("istio-auth0", { enforcementLevel: "mandatory", policies: [...rules] });
