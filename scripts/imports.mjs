// Which folder may import which: imports go down only. eslint.config.mjs has the rule.

/** From the bottom to the top: a folder imports from those before it, and those named here from no others. */
const folders = [
  "lib",
  "policies",
  "components",
  "local",
  "commands/arguments",
  "commands/stack",
  "commands/explain",
  "commands/verify",
  "commands/token",
  "commands/preflight",
  "commands/preview",
  "sandbox",
  "commands/bench",
  "commands/command-line",
];
const only = { policies: [], components: ["lib"], local: ["lib"] };

/** The folders that a folder must not import from. */
export function forbidden(folder) {
  const below = folders.slice(0, folders.indexOf(folder));
  const allowed = [folder, ...(only[folder] ?? below)];
  return folders.filter((other) => !allowed.includes(other));
}

/** The beginning of a relative path to a folder, from any file of another. */
function pathTo(folder, from) {
  const [, inCommands] = /^commands\/(.*)/.exec(folder) ?? [];
  const short = inCommands !== undefined && from.startsWith("commands/") ? `|${inCommands}` : "";
  return `^([.]/)?([.][.]/)+(${folder}${short})/`.replaceAll("/", "\\u002F");
}

const importing = [
  "ImportDeclaration > Literal",
  "ExportNamedDeclaration > Literal",
  "ExportAllDeclaration > Literal",
  "ImportExpression > Literal",
  "TSImportType Literal",
  "TSExternalModuleReference > Literal",
  "CallExpression[callee.name='require'] > Literal",
];

/** ESLint's configuration, for each folder. */
export const importRules = folders.map((folder) => ({
  files: [`${folder}/**/*.ts`],
  rules: {
    "no-restricted-syntax": [
      "error",
      ...forbidden(folder).map((other) => ({
        selector: importing.map((at) => `${at}[value=/${pathTo(other, folder)}/]`).join(", "),
        message: `${folder}/ must not import from ${other}/: imports go down only (scripts/imports.mjs).`,
      })),
    ],
  },
}));
