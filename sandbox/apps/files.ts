/** Serves a folder of files: the image of a source `files` in the setting `sandbox.images`. */
import { createServer } from "node:http";
import sirv from "sirv";
import { json, listenerOf, pathOf, recordRequest, run } from "./server";

const files = sirv("/srv", { etag: true });

const server = createServer((request, response) => {
  response.once("finish", () => {
    recordRequest(request, response.statusCode);
  });
  files(request, response, () => {
    const { status, contentType, body } =
      pathOf(request) === "/health"
        ? json(200, { status: "The files are served" })
        : json(404, { error: "Not found" });
    response.writeHead(status, { "content-type": contentType }).end(body);
  });
});
// As in the other services: Envoy keeps idle connections for an hour.
server.keepAliveTimeout = 0;

run("files", listenerOf(server, new Set()));
