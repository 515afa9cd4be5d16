import { isTelling } from "./guess-class.ts";
import { isLocale, segmentTemplate } from "./route-template.ts";

/** Deeper paths end in `{rest...}`. */
const maxDepth = 12;
/** A place with more words than this holds values (product names), not endpoints. */
const maxChildren = 100;
/** The one route of everything beyond the bound. */
const otherRoute = "/{other}";

interface Node {
  readonly children: Map<string, Node>;
  /** True once there were too many words: each new one is `{var}` from then on. */
  open: boolean;
}

/** What was learned, as it is saved: a place's words, each with what was learned below it. */
export interface LearnedRoutes {
  readonly open: boolean;
  readonly children: readonly (readonly [word: string, below: LearnedRoutes])[];
}

/**
 * Learns routes from the paths that the inventory does not know. Values become templates; a place
 * with too many different words takes each new one for `{var}`, but for those that tell what a route
 * is for; the known ones stay, so that no route changes while it is counted; at most `maxPlaces` places in the tree are learned.
 */
export interface RouteLearner {
  /**
   * The route of a path. `found` is false when nothing was there (404): such a path teaches
   * nothing, or anyone could fill the tree by asking for nonsense; its unknown part is `{unknown}`.
   */
  routeOf(path: string, found: boolean): string;
  /** A copy of what was learned, to begin with after a restart. */
  learned(): LearnedRoutes;
  /** How often something was learned. */
  changes(): number;
  /** Takes in what another one learned; beyond the bound it is left out. */
  learn(other: LearnedRoutes): void;
}

/** `learned`: what an earlier one learned; beyond `maxPlaces` it is left out. */
export function createRouteLearner(maxPlaces: number, learned?: LearnedRoutes): RouteLearner {
  const root = newNode();
  let places = 0;
  let opened = 0;

  const learn = (node: Node, { open, children }: LearnedRoutes) => {
    if (open && !node.open) {
      node.open = true;
      opened++;
    }
    for (const [word, below] of children) {
      const known = node.children.get(word);
      if (known === undefined && places >= maxPlaces) continue;
      const child = known ?? newNode();
      if (known === undefined) {
        places++;
        node.children.set(word, child);
      }
      learn(child, below);
    }
  };
  if (learned) learn(root, learned);

  return {
    learned: () => copyOf(root),
    changes: () => places + opened,
    learn: (other) => learn(root, other),
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
        const template = depth === 1 && isLocale(segment) ? "{locale}" : segmentTemplate(segment);
        let step = template ?? segment;
        let next = node.children.get(step);
        if (next === undefined && template === undefined) {
          if (found && !node.open && node.children.size >= maxChildren) {
            node.open = true;
            opened++;
          }
          if (node.open && !isTelling(segment)) next = node.children.get((step = "{var}"));
        }
        if (next === undefined) {
          if (!found) return `${route}/{unknown}`;
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

/** At most `maxDepth` deep. */
function copyOf({ open, children }: Node): LearnedRoutes {
  return { open, children: [...children].map(([word, below]) => [word, copyOf(below)]) };
}
