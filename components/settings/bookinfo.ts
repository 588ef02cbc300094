import { matching, section } from "./schema";

/** The names of Bookinfo's images. */
export const bookinfoSettings = section({
  /** The registry and path of Bookinfo's images. */
  registry: matching(
    /^[^\s/:]+(:\d+)?(\/[^\s/]+)*$/,
    "an image registry and path without https://, such as registry.istio.io/release",
  ).default("registry.istio.io/release"),
  /** The images' tag. A full one: "latest" would change under a running stack. */
  tag: matching(/^\d+\.\d+\.\d+[\w.-]*$/, 'a full version tag, such as "1.20.3"').default("1.20.3"),
});
