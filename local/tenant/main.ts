import { readOptions } from "./options";

async function main(): Promise<void> {
  const [word, path, ...rest] = process.argv.slice(2);
  if (word !== "serve" || path === undefined || rest.length > 0)
    throw new Error("usage: node --import tsx local/tenant/main.ts serve OPTIONS_FILE");
  const options = await readOptions(path);
  // It is large, and a mistake in the options needs none of it.
  const { startTenant } = await import("./server.js");
  const tenant = await startTenant(options);
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => void tenant.close());
  console.log(`tenant ready at https://${tenant.domain}/`);
}

main().catch((error: unknown) => {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
