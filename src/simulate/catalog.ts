import type { Random } from "./random.ts";

const productCount = 5_000;
const categories = [
  "shoes",
  "jackets",
  "tents",
  "backpacks",
  "lamps",
  "ropes",
  "stoves",
  "sleeping-bags",
  "sale",
  "new",
];
const words = ["red", "light", "kids", "winter", "boots", "tent", "lamp", "rope", "stove", "mat", "poles", "socks"];

/** One article, with what is written of it again and again. */
export interface Product {
  readonly id: number;
  readonly sku: string;
  /** In euros. */
  readonly price: number;
  readonly path: string;
  readonly related: string;
}

/** What the shop sells. A tenth of it is asked for most of the time. */
export class Catalog {
  readonly products: readonly Product[] = Array.from({ length: productCount }, (_, i) => ({
    id: 1_000 + i,
    sku: `A-${1_000 + i}`,
    price: 5 + ((i * 7_919) % 29_500) / 100,
    path: `/api/products/${1_000 + i}`,
    related: `/api/recommendations?product=${1_000 + i}`,
  }));
  readonly lists: readonly string[] = categories.flatMap((name) =>
    [1, 2, 3, 4].map((page) => `/api/categories/${name}?page=${page}`),
  );
  readonly searches: readonly string[] = words.flatMap((one) =>
    words.map((other) => (one === other ? `/api/search?q=${one}` : `/api/search?q=${one}+${other}`)),
  );

  /** An article, some far more often than others. */
  popular(random: Random): Product {
    const u = random.fraction();
    return this.products[Math.floor(u * u * u * productCount)] as Product;
  }
}
