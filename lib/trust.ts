import tls from "node:tls";

/** Trusts the tenant's private certificate authority, besides those that are trusted already. */
export function trust(certificateAuthority: string | undefined): void {
  const trusted = tls.getCACertificates("default");
  if (certificateAuthority === undefined || trusted.includes(certificateAuthority)) return;
  tls.setDefaultCACertificates([...trusted, certificateAuthority]);
}
