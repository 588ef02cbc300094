export function compiledFolder(): string;
export function removeOld(cache: string): void;
export function removeOldCode(
  folder: string,
  bounds?: { readonly limit?: number; readonly most?: number },
): void;
