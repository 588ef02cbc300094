/** Istio's known vulnerabilities and the releases that fix them, for the settings' check and for preflight. */

/** A security bulletin of Istio's that an upgrade fixes. */
export interface Advisory {
  /** As https://istio.io/latest/news/security/ lists it. */
  readonly id: string;
  /** The worst of its vulnerabilities, in a few words. */
  readonly about: string;
  /** The first fixed release of each line, oldest line first; later lines were never vulnerable. */
  readonly fixedIn: readonly string[];
}

/** The oldest release accepted, and the default: it has the fix of every advisory below. */
export const oldestIstio = "1.30.4";

export const advisories: readonly Advisory[] = [
  {
    id: "ISTIO-SECURITY-2026-001",
    about: "CVE-2026-31837, tokens can be forged while the provider's keys cannot be fetched",
    fixedIn: ["1.27.8", "1.28.5", "1.29.1"],
  },
  {
    id: "ISTIO-SECURITY-2026-003",
    about: "CVE-2026-39350, a dot in a policy's serviceAccounts stands for any character",
    fixedIn: ["1.27.9", "1.28.6", "1.29.2"],
  },
  {
    id: "ISTIO-SECURITY-2026-004",
    about: "CVE-2026-47774, cookies over HTTP/2 exhaust a proxy's memory",
    fixedIn: ["1.28.8", "1.29.4", "1.30.1"],
  },
  {
    id: "ISTIO-SECURITY-2026-005",
    about: "CVE-2026-47205 and others, proxies can be crashed",
    fixedIn: ["1.28.10", "1.29.6", "1.30.3"],
  },
  {
    id: "ISTIO-SECURITY-2026-006",
    about: "who may write an EnvoyFilter can stop the control plane",
    fixedIn: ["1.29.7", "1.30.4"],
  },
];

/** A release's numbers; what follows a hyphen belongs to the build. */
function numbers(version: string): readonly [line: number, patch: number] {
  const [major = 0, minor = 0, patch = 0] = version.split("-", 1).join("").split(".").map(Number);
  return [major * 1000 + minor, patch];
}

/**
 * The advisories that a release has no fix for: it is older than its line's fix, or its line is older than every fixed
 * one.
 * @param version an exact version
 */
export function openAdvisories(
  version: string,
  known: readonly Advisory[] = advisories,
): readonly Advisory[] {
  const [line, patch] = numbers(version);
  return known.filter(({ fixedIn }) => {
    const fixes = fixedIn.map(numbers);
    const own = fixes.find(([fixedLine]) => fixedLine === line);
    if (own !== undefined) return patch < own[1];
    return fixes.every(([fixedLine]) => line < fixedLine);
  });
}
