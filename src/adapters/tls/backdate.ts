/** Clocks differ a little between machines: certificates are good from this long before they are made. */
export const backdateMs = 5 * 60 * 1000;
