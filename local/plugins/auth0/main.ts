import { serve } from "../shared/server";

void serve(async () => (await import("./auth0.js")).auth0);
