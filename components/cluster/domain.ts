/** Whether a host is the domain itself, or in it. */
export function isInDomain(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

/** The name of a host within its domain, as DigitalOcean has it: `@` for the domain itself. */
export function nameInDomain(host: string, domain: string): string {
  return host === domain ? "@" : host.slice(0, -domain.length - 1);
}
