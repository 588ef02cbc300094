import { serve } from "../shared/server";

void serve(async () => (await import("./random.js")).random);
