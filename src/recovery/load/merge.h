#pragma once
// Taking content over what is there: for each record what is stored is read first, and what the new
// one does not have (old names, words, places) is removed. Records that the content does not name
// are left alone, so that a load that was killed is finished by doing it again.
#include <string>
#include <vector>

#include "content/record_view.h"
#include "content/stored_records.h"
#include "content/words.h"
#include "keys/key_schema.h"
#include "recovery/load/bulk_pipe.h"
#include "recovery/load/graph_batch.h"
#include "redkeep/records.h"

namespace redkeep::recovery {

/// Records that Redis had in another form than the content, which was taken over them.
struct MergeConflicts {
  static constexpr std::size_t kMostKept = 1000;
  std::int64_t count = 0;
  /// "entity ID: data and path differed", "association PATH: weight differed", in the order of the
  /// content.
  std::vector<std::string> first;

  void add(std::string conflict);
};

class Merge {
 public:
  explicit Merge(const keys::KeySchema& schema) : schema_(schema) {}

  void add_entity(const content::EntityView& entity, std::string_view path,
                  const std::vector<std::string_view>& words);
  void add_association(const content::AssociationView& association);
  bool is_full() const;

  /// Reads what is stored of the records that wait, removes what is stale, and adds them to the
  /// batch. Waits for everything sent before.
  redis::awaitable<Status> write_entities(BulkPipe& pipe, GraphBatch& batch);
  redis::awaitable<Status> write_associations(BulkPipe& pipe, GraphBatch& batch);

  const MergeConflicts& conflicts() const { return conflicts_; }

 private:
  struct NewEntity {
    Entity record;
    std::string path;
    std::vector<std::string> words;
    content::StoredEntity old;

    bool changes_type() const { return !old.record.type.empty() && old.record.type != record.type; }
  };

  redis::awaitable<Status> read_stored(BulkPipe& pipe);
  redis::awaitable<Status> note_conflicts(BulkPipe& pipe);
  void note_conflict(const Association& stored, const Association& fresh);
  redis::awaitable<Status> remove_old_places(BulkPipe& pipe);
  void remove_stale(const NewEntity& entity, redis::CommandBuffer& out);
  void take_type_over(const NewEntity& entity, redis::CommandBuffer& out);
  void remove_stale(const Association& stored, const std::string& child_type,
                    const Association& fresh, redis::CommandBuffer& out);

  const keys::KeySchema& schema_;
  content::WordExtractor extractor_;
  std::vector<NewEntity> entities_;
  std::vector<Association> associations_;
  MergeConflicts conflicts_;
};

}  // namespace redkeep::recovery
