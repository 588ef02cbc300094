/** The method by which an application of a type authenticates by default; undefined for another type. */
export function authenticationMethodOf(appType: unknown): string | undefined {
  if (appType === "native" || appType === "spa") return "none";
  const isConfidential = appType === "regular_web" || appType === "non_interactive";
  return isConfidential ? "client_secret_post" : undefined;
}
