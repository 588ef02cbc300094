/** Writes policies/istio-fields.ts, the pack's table of fields, from the resource definitions in Istio's Go module. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { definitionsFile, fieldsSource, istioApi, istioFields } from "./definitions";

const file = definitionsFile();
if (file === undefined) throw new Error(`no ${istioApi}: go mod download ${istioApi}`);
writeFileSync(
  join(__dirname, "../../../../policies/istio-fields.ts"),
  fieldsSource(istioFields(file)),
);
