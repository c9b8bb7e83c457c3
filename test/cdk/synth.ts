import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { WorkflowStack, type WorkflowStackProps } from '../../lib/index.ts';
import cdkJson from '../../cdk.json' with { type: 'json' };

/** Exists, and nothing bundles it here. */
export const ENTRY = 'test/cdk/synth.ts';

/** A resource as templates have them. */
export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** An app with the flags of cdk.json, which bundles nothing. */
export function createApp(): App {
  return new App({
    context: { ...cdkJson.context, 'aws:cdk:bundling-stacks': [] },
    analyticsReporting: false,
  });
}

/** A stack that is synthesized but not bundled. */
export function createStack(props: Partial<WorkflowStackProps> = {}, app = createApp()): WorkflowStack {
  return new WorkflowStack(app, 'Test', { entry: ENTRY, auth: 'iam', ...props });
}

/** The template of {@link createStack}. */
export function synth(props: Partial<WorkflowStackProps> = {}): Template {
  return Template.fromStack(createStack(props));
}

/** All resources of a type. */
export function resourcesOf(template: Template, type: string): readonly Resource[] {
  return Object.values(template.findResources(type)) as unknown as Resource[];
}

/** The one resource of a type with these properties. */
export function resourceWith(
  template: Template,
  type: string,
  properties: Readonly<Record<string, unknown>>,
): Resource {
  const [resource, ...others] = Object.values(template.findResources(type, { Properties: properties }));
  if (resource === undefined || others.length > 0) {
    throw new Error(`${resource === undefined ? 'no' : 'more than one'} ${type} is as asked`);
  }
  return resource as unknown as Resource;
}

/** The logical id of the one resource of a type whose construct has this path (without separators). */
export function idOf(template: Template, type: string, path: string): string {
  const ids = Object.keys(template.findResources(type));
  // A logical id is the path and eight digits of a hash.
  const [id, ...others] = ids.filter((candidate) => candidate.slice(0, -8) === path);
  if (id === undefined || others.length > 0) throw new Error(`not one ${type} is ${path}: ${ids.join(', ')}`);
  return id;
}
