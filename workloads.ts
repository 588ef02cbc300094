/** What Bookinfo's services run: Istio's sample images, three versions of reviews. */
import type { Workload, Workloads } from "./components/workloads/workload";
import type { BookinfoSettings } from "./settings";

/**
 * Reviews runs on Open Liberty, which writes its logs and its work area. The image's start script writes the password
 * of a key store that reviews does not use, and ends where it cannot.
 */
const liberty = {
  writable: {
    tmp: "/tmp",
    "wlp-output": "/opt/ol/wlp/output",
    "wlp-defaults": "/opt/ol/wlp/usr/servers/defaultServer/configDropins/defaults",
  },
  environment: { LOG_DIR: "/tmp/logs" },
  // The image gives its files to this group, for users that it does not know.
  group: 0,
};

/** @param settings the settings under `bookinfo`: where the images are, and how requests for reviews are shared */
export function workloadsOf({ registry, tag, digests, reviews }: BookinfoSettings): Workloads {
  const run = (name: keyof typeof digests): Workload => {
    const image = `${registry}/examples-bookinfo-${name}:${tag}`;
    const digest = digests[name];
    return {
      version: name.slice(-2),
      image: digest === undefined ? image : `${image}@${digest}`,
      memory: "512Mi",
    };
  };
  return {
    productpage: [{ ...run("productpage-v1"), writable: { tmp: "/tmp" } }],
    details: [run("details-v1")],
    reviews: [
      { ...run("reviews-v1"), ...liberty, share: reviews.v1 },
      { ...run("reviews-v2"), ...liberty, share: reviews.v2 },
      { ...run("reviews-v3"), ...liberty, share: reviews.v3 },
    ],
    ratings: [run("ratings-v1")],
  };
}
