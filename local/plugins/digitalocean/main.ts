import { serve } from "../shared/server";

void serve(async () => (await import("./digitalocean.js")).digitalocean);
