import { segmentTemplate } from "./route-template.ts";

/** Deeper paths end in `{rest...}`. */
const maxDepth = 12;
/** A place with more words than this holds values (product names), not endpoints. */
const maxChildren = 100;
/** The one route of everything beyond the bound. */
const otherRoute = "/{other}";

interface Node {
  readonly children: Map<string, Node>;
  /** True once there were too many words: each is `{var}` from then on. */
  open: boolean;
}

/**
 * Learns routes from the paths that the inventory does not know. Values become templates; a place
 * with too many different words becomes `{var}`; at most `maxPlaces` places in the tree are learned.
 */
export interface RouteLearner {
  /**
   * The route of a path. `found` is false when nothing was there (404): such a path teaches no new
   * words, or anyone could fill the tree by asking for nonsense; its unknown part is `{unknown}`.
   */
  routeOf(path: string, found: boolean): string;
}

export function createRouteLearner(maxPlaces: number): RouteLearner {
  const root = newNode();
  let places = 0;

  return {
    routeOf(path, found) {
      const segments = path.split("/");
      let node = root;
      let route = "";
      let depth = 0;
      for (const segment of segments) {
        if (segment === "") continue;
        if (++depth > maxDepth) {
          route += "/{rest...}";
          break;
        }
        const template = segmentTemplate(segment);
        const name = template ?? (node.open ? "{var}" : segment);
        let next = node.children.get(name);
        if (next === undefined) {
          if (!found && template === undefined) return `${route}/{unknown}`;
          if (template === undefined && node.children.size >= maxChildren) {
            node.open = true;
            next = node.children.get("{var}");
          }
        }
        const step = node.open && template === undefined ? "{var}" : name;
        if (next === undefined) {
          if (places >= maxPlaces) return otherRoute;
          places++;
          next = newNode();
          node.children.set(step, next);
        }
        route += `/${step}`;
        node = next;
      }
      return route === "" ? "/" : route;
    },
  };
}

// helpers

function newNode(): Node {
  return { children: new Map(), open: false };
}
