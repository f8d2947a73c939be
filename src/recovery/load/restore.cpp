// Design: two passes over the files, the same code in both: the first counts what is missing, the
// second looks again and writes. So nothing has to be remembered between them, whatever its size,
// and what an application stores meanwhile is seen.
#include "recovery/load/restore.h"

#include <algorithm>

#include "content/stored_records.h"
#include "content/words.h"
#include "error/error.h"
#include "recovery/csv/content_check.h"
#include "recovery/load/piece_list.h"

namespace redkeep::recovery {
namespace {

using Next = CsvReader::Next;

// Records are read and pieces looked for in such numbers: some milliseconds of the server's time.
constexpr std::size_t kRestoreRecordsAtOnce = 128;
constexpr std::size_t kPiecesAtOnce = 2048;

// An association is elsewhere if Redis knows its path with other ends, or its child in another
// place.
bool is_elsewhere(const Association& wanted, const Association& stored,
                  const std::string& stored_parent) {
  if (!stored.child_id.empty()) {
    return stored.parent_id != wanted.parent_id || stored.child_id != wanted.child_id ||
           stored.type != wanted.type;
  }
  return wanted.is_containment() && !stored_parent.empty() && stored_parent != wanted.parent_id;
}

class Restore {
 public:
  Restore(std::shared_ptr<redis::Client> client, const keys::KeySchema& schema,
          const std::string& directory, const ContentCheck& check, std::stop_token stop)
      : client_(std::move(client)),
        schema_(schema),
        directory_(directory),
        check_(check),
        stop_(std::move(stop)),
        asks_([this](redis::CommandBuffer commands) {
          return client_->exchange(std::move(commands));
        }) {}

  redis::awaitable<Result<RestoreOutcome>> run(std::int64_t room_bytes) {
    if (const Status counted = co_await pass(); !counted) co_return counted.error();
    RestoreOutcome outcome;
    outcome.entities = check_.entities;
    outcome.associations = check_.associations;
    outcome.words = static_cast<std::int64_t>(words_.size());
    outcome.missing_pieces = missing_pieces_;
    outcome.missing_keys = missing_keys_;
    outcome.missing_bytes = missing_bytes_;
    if (missing_pieces_ == 0) co_return outcome;
    outcome.end = missing_bytes_ > room_bytes ? RestoreEnd::DoesNotFit : RestoreEnd::Restored;
    if (outcome.end == RestoreEnd::DoesNotFit) co_return outcome;
    writes_ = true;
    if (const Status written = co_await pass(); !written) co_return written.error();
    co_return outcome;
  }

 private:
  redis::awaitable<Status> pass() {
    if (const Status done = co_await entities(); !done) co_return done;
    if (const Status done = co_await associations(); !done) co_return done;
    if (check_.has_search_index) {
      if (const Status done = co_await search_index(); !done) co_return done;
    }
    co_return co_await settle(1);
  }
  redis::awaitable<Status> entities();
  redis::awaitable<Status> associations();
  redis::awaitable<Status> search_index();
  template <class View, class File>
  redis::awaitable<Status> take_all(File& file);
  redis::awaitable<Status> take(const std::vector<Entity>& batch);
  redis::awaitable<Status> take(const std::vector<Association>& batch);
  redis::awaitable<Status> settle(std::size_t at_least);

  std::shared_ptr<redis::Client> client_;
  const keys::KeySchema& schema_;
  const std::string& directory_;
  const ContentCheck& check_;
  std::stop_token stop_;
  content::Ask asks_;
  content::WordExtractor extractor_;
  PieceList pieces_;
  keys::FingerprintSet words_;
  bool writes_ = false;
  std::int64_t missing_pieces_ = 0;
  std::int64_t missing_keys_ = 0;
  std::int64_t missing_bytes_ = 0;
  keys::FingerprintSet missing_sets_;  // in which a member was missing
};

// Looks for the pieces gathered, if there are `at_least` so many, and counts or writes the missing.
redis::awaitable<Status> Restore::settle(std::size_t at_least) {
  if (pieces_.size() < at_least) co_return Status{};
  if (stop_.stop_requested()) co_return interrupted();
  redis::CommandBuffer ask;
  pieces_.ask(ask);
  const auto there = co_await client_->exchange(std::move(ask));
  if (!there) co_return there.error();
  if (const Status kept = pieces_.keep_missing(*there); !kept) co_return kept;
  if (writes_ && !pieces_.empty()) {
    redis::CommandBuffer write;
    pieces_.write(write);
    const auto written = co_await client_->exchange(std::move(write));
    if (!written) co_return written.error();
    const Status fine = content::first_error(*written, "the restore");
    if (!fine) co_return fine;
  } else {
    missing_pieces_ += static_cast<std::int64_t>(pieces_.size());
    missing_keys_ += pieces_.count_keys(missing_sets_);
    missing_bytes_ += pieces_.estimated_bytes();
  }
  pieces_.clear();
  co_return Status{};
}

template <class View, class File>
redis::awaitable<Status> Restore::take_all(File& file) {
  std::vector<decltype(content::record_of(View{}))> batch;
  View row;
  for (Next next = file.next(row);; next = file.next(row)) {
    if (next == Next::Row) batch.push_back(content::record_of(row));
    if (next == Next::BadRow || next == Next::Broken) {
      co_return make_error(ErrorKind::InvalidInput, "{}", file.problem());
    }
    if (batch.size() < kRestoreRecordsAtOnce && next != Next::End) continue;
    if (const Status taken = co_await take(batch); !taken) co_return taken;
    batch.clear();
    if (next == Next::End) co_return Status{};
  }
}

redis::awaitable<Status> Restore::entities() {
  auto file = EntityFile::open(directory_);
  if (!file) co_return file.error();
  if (const Status same = same_as_checked(check_, file->reader()); !same) co_return same;
  co_return co_await take_all<content::EntityView>(*file);
}

redis::awaitable<Status> Restore::associations() {
  if (!check_.files.contains("associations.csv")) co_return Status{};
  auto file = AssociationFile::open(directory_);
  if (!file) co_return file.error();
  if (const Status same = same_as_checked(check_, file->reader()); !same) co_return same;
  co_return co_await take_all<content::AssociationView>(*file);
}

redis::awaitable<Status> Restore::search_index() {
  auto reader = open_search_index(directory_);
  if (!reader) co_return reader.error();
  if (const Status same = same_as_checked(check_, *reader); !same) co_return same;
  for (Next next = reader->next(); next != Next::End; next = reader->next()) {
    if (next != Next::Row) co_return make_error(ErrorKind::InvalidInput, "{}", reader->problem());
    const std::string key = schema_.word(reader->field(0));
    words_.insert(keys::fingerprint(reader->field(0)));
    for (const auto id : ids_in(reader->field(1))) pieces_.in_set(key, id);
    const Status settled = co_await settle(kPiecesAtOnce);
    if (!settled) co_return settled;
  }
  co_return Status{};
}

// Where an entity's hash is there, it may be newer than the CSV: its mappings and words are looked
// for as the stored record has them.
redis::awaitable<Status> Restore::take(const std::vector<Entity>& batch) {
  std::vector<content::EntityName> names;
  std::vector<std::string> paths;
  std::vector<std::string> parent_keys;
  for (const auto& entity : batch) {
    names.push_back({entity.id, entity.type});
    paths.emplace_back(check_.containments.path_of(entity.id));
    parent_keys.push_back(schema_.parent(entity.id));
  }
  const auto stored = co_await content::read_entities(asks_, schema_, std::move(names));
  if (!stored) co_return stored.error();
  const auto places = co_await content::read_associations(asks_, schema_, std::move(paths));
  if (!places) co_return places.error();
  const auto parents = co_await content::read_strings(asks_, std::move(parent_keys));
  if (!parents) co_return parents.error();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const content::StoredEntity& there = (*stored)[i];
    if (!there.has_hash() && !there.record.type.empty() && there.record.type != batch[i].type) {
      continue;  // it changed its type, and what it holds now is not in the CSV
    }
    const Entity& wanted = there.has_hash() ? there.record : batch[i];
    const bool moved = !(*parents)[i].empty() && (*places)[i].child_id != wanted.id;
    const std::string& path = there.has_hash() || moved ? there.path : (*places)[i].path;
    const auto view = content::view_of(wanted);
    std::span<const std::string_view> words;
    if (!check_.has_search_index) words = extractor_.words_of(view);
    for (const auto word : words) words_.insert(keys::fingerprint(word));
    content::spread(schema_, view, path, words, pieces_);
    const Status settled = co_await settle(kPiecesAtOnce);
    if (!settled) co_return settled;
  }
  co_return Status{};
}

redis::awaitable<Status> Restore::take(const std::vector<Association>& batch) {
  std::vector<std::string> paths;
  std::vector<std::string> parent_keys;
  for (const auto& association : batch) {
    paths.push_back(association.path);
    parent_keys.push_back(schema_.parent(association.child_id));
  }
  const auto stored = co_await content::read_associations(asks_, schema_, std::move(paths));
  if (!stored) co_return stored.error();
  const auto parents = co_await content::read_strings(asks_, std::move(parent_keys));
  if (!parents) co_return parents.error();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (is_elsewhere(batch[i], (*stored)[i], (*parents)[i])) continue;
    const std::string weight = std::to_string(batch[i].weight);
    content::spread(schema_, content::view_of(batch[i], weight), pieces_);
  }
  co_return co_await settle(kPiecesAtOnce);
}

}  // namespace

redis::awaitable<Result<RestoreOutcome>> restore_missing(std::shared_ptr<redis::Client> client,
                                                         std::string prefix, std::string directory,
                                                         std::int64_t room_bytes,
                                                         std::stop_token stop) {
  const auto check = co_await check_content_beside(directory, stop);
  if (!check) co_return check.error();
  if (check->problems.count > 0) {
    RestoreOutcome outcome;
    outcome.end = RestoreEnd::BadContent;
    outcome.problems = check->problems;
    co_return outcome;
  }
  const keys::KeySchema schema(std::move(prefix));
  Restore restore(std::move(client), schema, directory, *check, std::move(stop));
  co_return co_await restore.run(room_bytes);
}

std::string_view to_string(RestoreEnd end) {
  switch (end) {
    case RestoreEnd::NothingMissing: return "NothingMissing";
    case RestoreEnd::Restored: return "Restored";
    case RestoreEnd::DoesNotFit: return "DoesNotFit";
    case RestoreEnd::BadContent: return "BadContent";
  }
  return "unknown";
}

}  // namespace redkeep::recovery
