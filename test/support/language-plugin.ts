/**
 * Pulumi's plug-in for Node's projects, as far as `pulumi new --generate-only` asks for it: the CLI that is built from
 * its source comes without.
 */
import * as grpc from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";

const server = new grpc.Server();
server.addService(LanguageRuntimeService, {
  getPluginInfo: (_: unknown, respond: grpc.sendUnaryData<PluginInfo>) => {
    respond(null, new PluginInfo());
  },
});
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});
