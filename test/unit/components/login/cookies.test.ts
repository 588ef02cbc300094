/** A session's and a sign-in's cookie are recognised in every spelling that Go accepts, and no other cookie is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ofSession, ofSignIn } from "../../../../components/login/cookies";

const place = { application: { name: "bookinfo" }, gatewayUrl: "https://books.example" };

const holds = ({ cookie: { regex } }: ReturnType<typeof ofSession>, header: string) =>
  new RegExp(`^(?:${regex})$`).test(header);

/** Every spelling that Go's parser takes for a cookie of this name, several headers joined by a comma included. */
const spellings = (cookie: string) => {
  const [name = "", value = ""] = cookie.split("=");
  return [
    cookie,
    name,
    `a=b; ${cookie}`,
    `a=b;${cookie};c=d`,
    `a=b;\t ${name} \t= ${value}`,
    `;;${cookie};;`,
    ` ${cookie}`,
    `a=b,${cookie}`,
    `a=b, ${cookie}; c=d`,
    `a=\u00ff; ${cookie}`,
    `a=b; ${name}; c=d`,
  ];
};

test("a session's cookie is seen however it is spelled, and each part of one", () => {
  for (const cookie of ["__Host-bookinfo=x|1|y=", "__Host-bookinfo_0=x", "__Host-bookinfo_12=x"])
    for (const header of spellings(cookie)) {
      assert.ok(holds(ofSession(place), header), header);
      assert.ok(!holds(ofSignIn(place), header), header);
    }
});

test("a sign-in's cookie is no session's, for any beginning of its state", () => {
  for (const cookie of ["__Host-bookinfo_aB-_9cdEf_csrf=x", "__Host-bookinfo_123456789_csrf=x"])
    for (const header of spellings(cookie)) {
      assert.ok(holds(ofSignIn(place), header), header);
      assert.ok(!holds(ofSession(place), header), header);
    }
});

test("the cookie has the application's name, and over plain HTTP no prefix", () => {
  const shop = { application: { name: "shop" }, gatewayUrl: "http://shop.example" };
  for (const [cookie, isOurs] of [
    ["shop=x", true],
    ["__Host-shop=x", false],
    ["bookinfo=x", false],
  ] as const)
    assert.equal(holds(ofSession(shop), cookie), isOurs, cookie);
});

test("no other name is taken for either", () => {
  for (const header of [
    "a=b",
    "bookinfo=x",
    "x__Host-bookinfo=x",
    "__Host-bookinfos=x",
    "__Host-bookinfo_x=y",
    "__HOST-BOOKINFO=x",
    "a=__Host-bookinfo",
    "a=b __Host-bookinfo=x",
  ]) {
    assert.ok(!holds(ofSession(place), header), header);
    assert.ok(!holds(ofSignIn(place), header), header);
  }
});
