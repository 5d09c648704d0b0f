/** Vite takes a style sheet as a module. */
declare module '*.css';
