/** A secret is hidden in every form in which a program or a server may repeat it, and ordinary text is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Redactor, secretMark } from "../../../lib/redaction";

const secret = 'pa"ss w+rd/with?all&kinds';
const base64 = (text: string) => Buffer.from(text).toString("base64");

for (const [form, text] of [
  ["as it is", secret],
  ["in JSON", JSON.stringify({ secret }).slice(11, -2)],
  ["in a URL", encodeURIComponent(secret)],
  ["in a form", new URLSearchParams({ secret }).toString().slice(7)],
] as const) {
  test(`a secret ${form}`, () => {
    assert.equal(new Redactor([secret]).hide(`before ${text} after`), `before ${secretMark} after`);
  });
}

for (const before of ["", "i", "id", "id:", "user:"]) {
  test(`a secret after "${before}" in base64`, () => {
    const hide = (text: string) => new Redactor([secret]).hide(text);
    for (const text of [base64(before + secret), base64(`${before}${secret}, and more`)]) {
      const hidden = hide(`Basic ${text}`);
      assert.ok(hidden.includes(secretMark), hidden);
      const left = hidden.replace("Basic ", "").split(secretMark);
      // What is left cannot be read back: at most the bits next to the secret.
      assert.ok(!Buffer.from(left.join("="), "base64").toString().includes(secret.slice(0, 4)));
    }
  });
}

test("a secret as other libraries escape it", () => {
  const redactor = new Redactor(["Sunshine!1/~"]);
  for (const form of ["Sunshine%211%2F%7E", "Sunshine%211%2f%7e", "Sunshine!1%2f~"])
    assert.equal(redactor.hide(`client_secret=${form}&a=b`), `client_secret=${secretMark}&a=b`);
  const basic = base64("id:Sunshine%211%2F%7E");
  assert.ok(redactor.hide(basic).includes(secretMark));
});

test("base64 for URLs", () => {
  const text = Buffer.from("??>>~~~~").toString("base64url");
  assert.equal(new Redactor(["??>>~~~~"]).hide(text), secretMark);
});

test("each line of a key", () => {
  const lines = ["MIIEvQIBADANBgkqhkiG", "9w0BAQEFAASCBKcwggSj"];
  const key = ["-----BEGIN KEY-----", ...lines, "-----END KEY-----"].join("\n");
  const hide = (text: string) => new Redactor([key]).hide(text);
  assert.equal(hide(`near ${lines[1] ?? ""}`), `near ${secretMark}`);
  assert.equal(hide("-----BEGIN KEY-----"), "-----BEGIN KEY-----");
});

test("the longer of two secrets, where one is the beginning of the other", () => {
  const redactor = new Redactor(["canary-1", "canary-12"]);
  assert.equal(redactor.hide("canary-12 canary-1"), `${secretMark} ${secretMark}`);
});

test("a short secret as a word of its own, and no part of another word", () => {
  const redactor = new Redactor(["a1b2"]);
  assert.equal(redactor.hide('xa1b2 "a1b2"'), `xa1b2 "${secretMark}"`);
});

test("a text of three characters or none is no secret that can be found", () => {
  assert.equal(new Redactor(["", "abc", " "]).hide("abc def"), "abc def");
  assert.equal(new Redactor().hide("any text"), "any text");
});

test("a secret that is added later", () => {
  const redactor = new Redactor();
  assert.equal(redactor.hide("canary-1"), "canary-1");
  redactor.add(" canary-1\n");
  assert.equal(redactor.hide("canary-1"), secretMark);
});

test("a secret with half of a surrogate pair, as it is and as UTF-8 has it", () => {
  const half = "canary-\ud800-secret";
  const redactor = new Redactor([half]);
  const written = Buffer.from(half).toString();
  for (const form of [
    half,
    JSON.stringify(half).slice(1, -1),
    written,
    encodeURIComponent(written),
  ])
    assert.equal(redactor.hide(`before ${form} after`), `before ${secretMark} after`);
});
