import type { ICertificate } from "@kubernetes-models/cert-manager/cert-manager.io/v1/Certificate";
import type { IIssuer } from "@kubernetes-models/cert-manager/cert-manager.io/v1/Issuer";
import { customResource } from "../custom-resource";

export type IssuerSpec = NonNullable<IIssuer["spec"]>;
export type CertificateSpec = NonNullable<ICertificate["spec"]>;

/** Who signs certificates in one namespace. */
export class Issuer extends customResource<IssuerSpec>("cert-manager.io/v1", "Issuer") {}

/** A certificate that cert-manager gets from an Issuer, keeps in a Secret and renews. */
export class Certificate extends customResource<CertificateSpec>(
  "cert-manager.io/v1",
  "Certificate",
) {}
