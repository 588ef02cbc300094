import { readOptions } from "./options";
import { startTenant } from "./server";

async function main(): Promise<void> {
  const [word, path, ...rest] = process.argv.slice(2);
  if (word !== "serve" || path === undefined || rest.length > 0)
    throw new Error("usage: node --import tsx local/tenant/main.ts serve OPTIONS_FILE");
  const tenant = await startTenant(await readOptions(path));
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => void tenant.close());
  console.log(`tenant ready at https://${tenant.domain}/`);
}

main().catch((error: unknown) => {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
