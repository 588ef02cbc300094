import { createHash } from "node:crypto";
import type { Context } from "koa";

const style = `
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5; }
body { display: grid; min-height: 100vh; margin: 0; place-items: center; background: light-dark(#f2f4f8, #10141f); color: light-dark(#1b2333, #e6e9f0); }
main { box-sizing: border-box; width: min(25rem, 100vw); padding: 2.5rem; border: 1px solid light-dark(#dde2ec, #2c3548); border-radius: .75rem; background: light-dark(#fff, #1a2030); }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0; }
p { margin: .5rem 0 0; }
label { display: block; margin-top: 1rem; font-weight: 600; }
input, button { box-sizing: border-box; width: 100%; padding: .6rem .75rem; border-radius: .5rem; font: inherit; }
input { border: 1px solid GrayText; background: Field; color: FieldText; }
button { margin-top: 1.5rem; border: 0; background: #2f5bb7; color: #fff; font-weight: 600; cursor: pointer; }
:focus-visible { outline: 3px solid #e6a100; outline-offset: 2px; }
[role=alert] { margin-top: 1rem; padding: .6rem .75rem; border-left: .3rem solid #c62828; background: light-dark(#fdecea, #3a1d1f); }
`;

const submitAtOnce = `document.forms[0].submit();`;

/** On one line: browsers accept these by digests of every character between the tags. */
const inline = { style: `<style>${style}</style>`, script: `<script>${submitAtOnce}</script>` };

/** A piece of HTML that is safe to put into a page. */
export class Html {
  constructor(readonly text: string) {}
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Builds HTML; values are escaped, unless they are Html. */
export function html(strings: TemplateStringsArray, ...values: readonly (string | Html)[]): Html {
  const escaped = values.map((value) =>
    value instanceof Html
      ? value.text
      : value.replace(/[&<>"']/g, (character) => entities[character] ?? ""),
  );
  return new Html(String.raw({ raw: strings }, ...escaped));
}

const nothing = new Html("");

interface Page {
  readonly title: string;
  readonly body: Html;
  /** Whether the page's form is sent without a click. */
  readonly submits?: boolean;
}

/** Answers with a page that loads nothing, runs only its own script, and cannot be shown in a frame. */
export function showPage(ctx: Context, { title, body, submits = false }: Page): void {
  const sources = {
    "default-src": "'none'",
    "style-src": hashOf(style),
    "script-src": submits ? hashOf(submitAtOnce) : "'none'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
  };
  ctx.set({
    "Content-Security-Policy": Object.entries(sources)
      .map((source) => source.join(" "))
      .join("; "),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  });
  ctx.type = "html";
  ctx.body = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${new Html(inline.style)}
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
        ${submits ? new Html(inline.script) : nothing}
      </body>
    </html> `.text;
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** The sign-in form. */
export function showLogin(
  ctx: Context,
  { client, email, problem }: { client: string; email: string; problem?: string },
): void {
  const alert = problem === undefined ? nothing : html`<p role="alert" id="problem">${problem}</p>`;
  const describedBy = problem === undefined ? nothing : new Html(` aria-describedby="problem"`);
  showPage(ctx, {
    title: "Sign in",
    body: html`<p>to continue to ${client}</p>
      ${alert}
      <form method="post">
        <label for="email">Email address</label>
        <input
          id="email"
          name="email"
          type="email"
          value="${email}"
          autocomplete="username"
          required
          autofocus${describedBy}
        />
        <label for="password">Password</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required${describedBy}
        />
        <button type="submit">Continue</button>
      </form>`,
  });
}

/** A page with a message and no form. */
export function showMessage(ctx: Context, title: string, message: string): void {
  showPage(ctx, { title, body: html`<p>${message}</p>` });
}
