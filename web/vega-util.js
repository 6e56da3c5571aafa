// The few names that Vega's interpreter needs, out of the Vega that is already loaded.
export const { ascending, isString, DisallowedObjectProperties } = globalThis.vega;
