import type { FleetRow } from '../../projections/index.ts';

/** A customer, and whether it is sure that it is who tells what stands beside it. */
export function customerText({ customer, compared }: Pick<FleetRow, 'customer' | 'compared'>): string {
  return compared ? customer : `${customer} (words not compared)`;
}
