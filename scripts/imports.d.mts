import type { Linter } from "eslint";

export const importRules: Linter.Config[];
