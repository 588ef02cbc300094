import { type Check, failed, notTried, ok, type Outcome } from "../check";
import type { Stack } from "../stack";

/** The stack's secrets are set, and none of them is in its file in plain text. */
export const secretsCheck = (stack: Stack): Check => ({
  name: "secrets",
  run: () => judge(stack),
});

function judge({ name, file, missing, plain }: Stack): Outcome {
  const unset = [...missing]
    .filter(([, { unset: isUnset }]) => isUnset)
    .map(([setting]) => setting);
  const problems = [
    ...(plain.length > 0 ? [`${plain.join(", ")} in plain text in ${file}`] : []),
    ...(unset.length > 0 ? [`${unset.join(", ")} not set`] : []),
  ];
  const wrong = [...plain, ...unset];
  if (wrong.length > 0)
    return failed(
      problems.join("; "),
      `Set ${wrong.length === 1 ? "it" : "each"} encrypted: ${wrong.map((setting) => commandFor(setting, name)).join("; ")}.${
        plain.length > 0 ? " A committed secret is public: replace it where it comes from." : ""
      }`,
    );
  const [first] = missing.values();
  if (first !== undefined) return notTried(first.found, first.advice);
  return ok("all that are needed are set, none in plain text");
}

const commandFor = (setting: string, stack: string) =>
  `pulumi config set --secret --path ${setting} --stack ${stack}`;
