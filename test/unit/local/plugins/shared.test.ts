/** A stand-in marks secrets, tells none in an error, makes nothing in a preview, and says what a change replaces. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CheckRequest,
  ConfigureRequest,
  CreateRequest,
  DiffRequest,
  ReadRequest,
} from "@pulumi/pulumi/proto/provider_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { random } from "../../../../local/plugins/random/random";
import { changesBetween, differenceOf } from "../../../../local/plugins/shared/difference";
import { Handlers } from "../../../../local/plugins/shared/handlers";
import { textAt } from "../../../../local/plugins/shared/inputs";
import {
  NotReadyError,
  type Plugin,
  type ResourceType,
} from "../../../../local/plugins/shared/plugin";
import { NotReadyResponse } from "../../../../local/plugins/shared/responses";
import { decode, encode, hasUnknown, unknown } from "../../../../local/plugins/shared/values";

const signatureKey = "4dabf18193072939515e22adb298388d";
const signature = "1b47061264138c4ac30d75fd1eb44270";
const secret = <Value>(value: Value) => ({ [signatureKey]: signature, value });
const urn = "urn:pulumi:test::test::parent:index:Parent$test:index:Thing::thing";

/** A resource whose API hands the secret back under another name, or tells it in an error. */
const thing: ResourceType<string> = {
  computed: ["made"],
  secrets: ["always"],
  check: (inputs) => ({
    inputs,
    failures: [{ property: "key", reason: `not ${textAt(inputs, "key")}` }],
  }),
  difference: (previous, inputs) => differenceOf(previous, inputs, ["name"], false),
  create(connection, { inputs }) {
    if (inputs.fail === true) throw new Error(`denied:\n  ${connection} ${textAt(inputs, "key")}`);
    if (inputs.late === true) {
      throw new NotReadyError(`late ${textAt(inputs, "key")}`, "id", inputs, [`why ${connection}`]);
    }
    const outputs = { ...inputs, copy: `<${textAt(inputs, "key")}>`, always: 1, made: "m" };
    return Promise.resolve({ id: "id", outputs });
  },
  read(connection, { inputs, outputs }) {
    const live = { inputs, outputs };
    return Promise.resolve(
      inputs.late === true ? { ...live, reasons: [`why ${connection}`] } : live,
    );
  },
  update: (_, { outputs }) => Promise.resolve(outputs),
  delete: () => Promise.resolve(),
};

const plugin: Plugin<string> = {
  name: "test",
  version: "1.2.3",
  replacesProvider: () => [],
  connect: (config) => Promise.resolve(textAt(config, "token")),
  resourceType: (token) => (token === "test:index:Thing" ? thing : undefined),
};

const struct = (properties: Record<string, JavaScriptValue>) => Struct.fromJavaScript(properties);

async function configured<Connection>(made: Plugin<Connection>): Promise<Handlers<Connection>> {
  const handlers = new Handlers(made);
  const request = new ConfigureRequest();
  request.setArgs(struct({ token: secret("configuration-canary") }));
  await handlers.configure(request);
  return handlers;
}

function createRequest(properties: Record<string, JavaScriptValue>, of = urn): CreateRequest {
  const request = new CreateRequest();
  request.setUrn(of);
  request.setProperties(struct(properties));
  return request;
}

test("a secret stays secret where it came in, and where the API hands it back", async () => {
  const handlers = await configured(plugin);
  const properties = { key: secret("input-canary"), plain: "seen", list: [{ a: secret("b") }] };
  const response = await handlers.create(createRequest(properties));
  assert.deepEqual(response.getProperties()?.toJavaScript(), {
    key: secret("input-canary"),
    plain: "seen",
    list: secret([{ a: "b" }]),
    copy: secret("<input-canary>"),
    always: secret(1),
    made: "m",
  });
});

test("a password's result is secret, also without the SDK's mark", async () => {
  const passwordUrn = "urn:pulumi:t::t::random:index/randomPassword:RandomPassword::p";
  const handlers = await configured(random);
  const response = await handlers.create(
    createRequest(
      {
        length: 4,
        special: false,
        lower: true,
        upper: true,
        numeric: true,
      },
      passwordUrn,
    ),
  );
  const result: unknown = response.getProperties()?.toJavaScript().result;
  assert.equal((result as Record<string, unknown>)[signatureKey], signature);
});

test("a preview knows the inputs, does not know what the API makes, and makes nothing", async () => {
  const handlers = await configured(plugin);
  const request = createRequest({ key: unknown, fail: true });
  request.setPreview(true);
  const response = await handlers.create(request);
  assert.equal(response.getId(), "");
  assert.deepEqual(response.getProperties()?.toJavaScript(), {
    made: unknown,
    key: unknown,
    fail: true,
  });
});

test("an error is one line and tells no secret, neither an input nor of the configuration", async () => {
  const handlers = await configured(plugin);
  const request = createRequest({ key: secret("input-canary"), fail: true });
  await assert.rejects(handlers.create(request), { message: "denied: [secret] [secret]" });
});

test("a resource that is not ready is given to the engine with its secrets marked", async () => {
  const handlers = await configured(plugin);
  const request = createRequest({ key: secret("input-canary"), late: true });
  await assert.rejects(handlers.create(request), (error: unknown) => {
    assert.ok(error instanceof NotReadyResponse);
    assert.equal(error.message, "late [secret]");
    assert.deepEqual(error.reasons, ["why [secret]"]);
    assert.deepEqual(error.properties.toJavaScript(), { key: secret("input-canary"), late: true });
    return true;
  });
});

test("a resource that is read and not ready is given to the engine in the same way", async () => {
  const handlers = await configured(plugin);
  const read = (late: boolean) => {
    const request = new ReadRequest();
    request.setUrn(urn);
    request.setId("id");
    request.setInputs(struct({ key: secret("input-canary"), late }));
    request.setProperties(struct({ made: "m" }));
    return handlers.read(request);
  };
  assert.equal((await read(false)).getId(), "id");
  await assert.rejects(read(true), (error: unknown) => {
    assert.ok(error instanceof NotReadyResponse);
    assert.equal(error.id, "id");
    assert.deepEqual(error.reasons, ["why [secret]"]);
    assert.deepEqual(error.inputs.toJavaScript(), { key: secret("input-canary"), late: true });
    assert.deepEqual(error.properties.toJavaScript(), { made: "m" });
    return true;
  });
});

test("a check keeps secrets, and its reasons tell none", async () => {
  const handlers = await configured(plugin);
  const request = new CheckRequest();
  request.setUrn(urn);
  request.setNews(struct({ key: secret("input-canary") }));
  const response = handlers.check(request);
  assert.deepEqual(response.getInputs()?.toJavaScript(), { key: secret("input-canary") });
  assert.deepEqual(
    response.getFailuresList().map((failure) => failure.getReason()),
    ["not [secret]"],
  );
});

test("a difference says which properties change, and which replace", async () => {
  const handlers = await configured(plugin);
  const request = new DiffRequest();
  request.setUrn(urn);
  request.setOldInputs(struct({ name: "a", labels: { "a.b/c": "1" }, list: [1, 2], gone: true }));
  request.setNews(struct({ name: "b", labels: { "a.b/c": "2" }, list: [1, 3], come: true }));
  const response = handlers.diff(request);
  assert.deepEqual(response.getReplacesList(), ["name"]);
  assert.deepEqual(
    response
      .getDetaileddiffMap()
      .getEntryList()
      .map(([path]) => path)
      .sort(),
    ["come", "gone", 'labels["a.b/c"]', "list[1]", "name"],
  );
});

test("nothing changes between equal inputs", () => {
  const inputs = { a: [{ b: 1 }], c: null };
  assert.deepEqual(changesBetween(inputs, structuredClone(inputs)), []);
});

test("what is there under an id is read, and its secrets are marked; where nothing is, there is no id", async () => {
  const found = { always: "found-canary", token: "configuration-canary" };
  const handlers = await configured({
    ...plugin,
    resourceType: () => ({
      ...thing,
      find: (_, id) => Promise.resolve(id === "there" ? found : undefined),
    }),
  });
  const read = (id: string) => {
    const request = new ReadRequest();
    request.setUrn(urn);
    request.setId(id);
    return handlers.read(request);
  };
  const there = await read("there");
  assert.equal(there.getId(), "there");
  assert.deepEqual(there.getProperties()?.toJavaScript().always, secret("found-canary"));
  assert.equal((await read("gone")).getId(), "");
});

test("import is refused", async () => {
  const handlers = await configured(plugin);
  const request = new ReadRequest();
  request.setUrn(urn);
  request.setId("id");
  await assert.rejects(handlers.read(request), {
    message:
      "the stand-in for the test plugin does not implement importing or getting test:index:Thing; use the official plugin",
  });
});

test("values go through the wire form and back", () => {
  const wire = { a: secret({ b: 1 }), c: [true, null], d: "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7" };
  const { value, secrecy } = decode(wire);
  assert.deepEqual(value, { a: { b: 1 }, c: [true, null], d: unknown });
  assert.deepEqual(secrecy, { a: true });
  assert.deepEqual(encode(value, secrecy, []), { ...wire, d: unknown });
  assert.equal(hasUnknown(value), true);
});

test("an asset is refused", () => {
  const asset = { [signatureKey]: "c44067f5952c0a294b673a41bacd8c17", text: "x" };
  assert.throws(() => decode({ source: asset }), {
    message: "assets, archives and resources as property values are not supported",
  });
});
