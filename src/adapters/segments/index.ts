export {
  appendToSegments,
  foldSegments,
  readSegments,
  type Segment,
  type SegmentAppend,
  type SegmentKey,
  type SegmentTable,
} from './join-segments.ts';
