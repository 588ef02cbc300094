/** The sandbox's stand-ins in one process, to which the engine attaches. */
import { serveAttached } from "../shared/server";

void serveAttached({
  auth0: async () => (await import("../auth0/auth0.js")).auth0,
  kubernetes: async () => (await import("../kubernetes/kubernetes.js")).kubernetes,
  random: async () => (await import("../random/random.js")).random,
});
