#pragma once
// The files of a checkpoint out of records: entities.csv, associations.csv and the manifest, put in
// place whole or not at all (checkpoint_place.h). The search index is not in it: it is built from
// the entities.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "content/record_view.h"
#include "recovery/checkpoint/checkpoint_place.h"
#include "recovery/csv/csv_writer.h"
#include "recovery/disk/disk.h"

namespace redkeep::recovery {

class CheckpointWriter {
 public:
  /// As CheckpointPlace::claim(). `disk` must outlive it.
  static Result<CheckpointWriter> create(Disk& disk, const std::string& directory, bool replace);

  /// Begins, or begins anew with nothing.
  Status begin();
  /// The records are taken as checked (content/record_rules.h), alone and together.
  Status add(const content::EntityView& entity);
  Status add(const content::AssociationView& association);
  /// Puts what was added in place. `position` is the last entry of the journal that is in it.
  Status finish(std::chrono::sys_seconds written_at, std::optional<std::int64_t> position);

  /// Leaves the old state as it is and removes what was written.
  void abandon();
  /// After an error and abandon(): whether readers find the new state all the same.
  bool is_put() const { return place_.is_put(); }

  const std::string& directory() const { return place_.directory(); }
  std::int64_t entities() const { return entities_ ? entities_->rows() : 0; }
  std::int64_t associations() const { return associations_ ? associations_->rows() : 0; }
  std::int64_t bytes() const { return bytes_; }  ///< Of the files, after finish().

 private:
  explicit CheckpointWriter(Disk& disk, CheckpointPlace place)
      : disk_(&disk), place_(std::move(place)) {}

  Disk* disk_;
  CheckpointPlace place_;
  std::optional<CsvWriter> entities_;
  std::optional<CsvWriter> associations_;
  std::int64_t bytes_ = 0;
};

}  // namespace redkeep::recovery
