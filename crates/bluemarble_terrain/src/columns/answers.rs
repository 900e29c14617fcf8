//! What every source of columns answers alike as a [`Baseline`](crate::Baseline).

/// The methods of [`Baseline`](crate::Baseline) that every [`ColumnSource`](super::ColumnSource) answers from the
/// tiles in its field `$tiles`, for its `impl Baseline`. The trait's own defaults cannot say this: they are for
/// sources without columns.
macro_rules! answers_from {
    ($tiles:ident) => {
        fn fill(&self, key: bluemarble_core::ChunkKey, chunk: &mut bluemarble_core::Chunk) {
            *chunk = $crate::columns::fill(self, &self.$tiles, key);
        }

        fn prepare(&self, key: bluemarble_core::ChunkKey, go_on: &dyn Fn() -> bool) -> bool {
            $crate::columns::prepare(self, &self.$tiles, key, go_on)
        }

        fn survey(&self, key: bluemarble_core::ChunkKey) -> $crate::Survey {
            $crate::columns::survey(self, &self.$tiles, key)
        }

        fn relief(
            &self,
            key: bluemarble_core::ChunkKey,
            go_on: &dyn Fn() -> bool,
        ) -> Option<std::sync::Arc<$crate::Relief>> {
            $crate::columns::relief(self, &self.$tiles, key, go_on)
        }

        fn face_plane(
            &self,
            key: bluemarble_core::ChunkKey,
            face: bluemarble_core::Face,
        ) -> Option<bluemarble_core::FacePlane> {
            Some($crate::columns::face_plane(self, &self.$tiles, key, face))
        }
    };
}

pub(crate) use answers_from;
