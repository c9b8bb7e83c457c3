export {
  appendToSegments,
  foldSegments,
  readSegments,
  type Segment,
  type SegmentKey,
  type SegmentTable,
} from './join-segments.ts';
