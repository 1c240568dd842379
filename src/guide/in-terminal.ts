/** How the guide is shown in a terminal: read where that is done, since it brings prompts that nothing else needs. */
export const inTerminal = () => import('./terminal/index.ts');
