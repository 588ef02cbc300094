export function projectOf(args: readonly string[], from?: string): string | undefined;
