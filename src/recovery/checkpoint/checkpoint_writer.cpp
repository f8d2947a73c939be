#include "recovery/checkpoint/checkpoint_writer.h"

#include "recovery/checkpoint/manifest.h"

namespace redkeep::recovery {
namespace {

ManifestFile file_of(std::string_view name, const CsvWriter& writer) {
  return {std::string(name), writer.rows(), writer.bytes(), writer.checksum()};
}

}  // namespace

Result<CheckpointWriter> CheckpointWriter::create(Disk& disk, const std::string& directory,
                                                  bool replace) {
  auto place = CheckpointPlace::claim(disk, directory, replace);
  if (!place) return place.error();
  return CheckpointWriter(disk, std::move(*place));
}

Status CheckpointWriter::begin() {
  entities_.reset();
  associations_.reset();
  if (const Status begun = place_.begin(); !begun) return begun;
  const auto path = [&](std::size_t file) {
    return place_.next() + "/" + std::string(kCheckpointFiles[file]);
  };
  auto entities = CsvWriter::create(
      *disk_, path(0),
      {"id", "type", "semantic_name", "data", "created_by", "created_at", "updated_at"});
  if (!entities) return entities.error();
  entities_.emplace(std::move(*entities));
  auto associations =
      CsvWriter::create(*disk_, path(1), {"parent_id", "child_id", "path", "type", "weight"});
  if (!associations) return associations.error();
  associations_.emplace(std::move(*associations));
  return {};
}

Status CheckpointWriter::add(const content::EntityView& entity) {
  return entities_->add({entity.id, entity.type, entity.semantic_name, entity.data,
                         entity.created_by, entity.created_at, entity.updated_at});
}

Status CheckpointWriter::add(const content::AssociationView& association) {
  return associations_->add({association.parent_id, association.child_id, association.path,
                             association.type, association.weight});
}

Status CheckpointWriter::finish(std::chrono::sys_seconds written_at,
                                std::optional<std::int64_t> position) {
  if (const Status written = entities_->finish(); !written) return written;
  if (const Status written = associations_->finish(); !written) return written;
  Manifest manifest{written_at, position, {}};
  manifest.files.push_back(file_of(kCheckpointFiles[0], *entities_));
  manifest.files.push_back(file_of(kCheckpointFiles[1], *associations_));
  const std::string text = print_manifest(manifest);
  bytes_ = entities_->bytes() + associations_->bytes() + static_cast<std::int64_t>(text.size());
  return place_.put(text);
}

void CheckpointWriter::abandon() {
  entities_.reset();
  associations_.reset();
  place_.abandon();
}

}  // namespace redkeep::recovery
