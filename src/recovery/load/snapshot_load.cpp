// Design: hashes and strings are streamed as their rows are read, sets when all rows are known.
// Words are cut on a thread of their own, which takes as long as the server takes for the rest.
#include "recovery/load/snapshot_load.h"

#include <array>
#include <optional>

#include "content/graph_keys.h"
#include "error/error.h"
#include "recovery/load/find_graph.h"
#include "recovery/load/set_collector.h"
#include "recovery/load/word_gatherer.h"
#include "redis/snapshot_writer.h"

namespace redkeep::recovery {
namespace {

using Next = CsvReader::Next;

constexpr std::size_t kFlushBytes = std::size_t{256} << 10;

// An entity has about four keys, an association two; the server's table grows where that is not
// enough.
std::uint64_t about_how_many_keys(const ContentCheck& check) {
  return static_cast<std::uint64_t>(4 * check.entities + 2 * check.associations);
}

class SnapshotStream {
 public:
  SnapshotStream(const std::string& directory, const ContentCheck& check, const std::string& prefix,
                 const SnapshotSink& sink, const std::stop_token& stop)
      : directory_(directory),
        check_(check),
        schema_(prefix),
        sink_(sink),
        stop_(stop),
        writer_(about_how_many_keys(check)) {
    if (!check.has_search_index) gatherer_.emplace();
  }

  Result<LoadOutcome> run(SnapshotMark mark) {
    if (const Status done = entities(); !done) return done.error();
    if (const Status done = associations(); !done) return done.error();
    if (const Status done = search_index(); !done) return done.error();
    if (const Status done = sets(); !done) return done.error();
    if (gatherer_) {
      if (const Status done = words(gatherer_->take()); !done) return done.error();
    }
    if (mark == SnapshotMark::GraphIsThere) {
      writer_.add_string(schema_.guard("content"), kGraphIsThere);
    }
    writer_.end();
    if (const Status done = flush(); !done) return done.error();
    return outcome_;
  }

  // A sink of content::spread().
  void hash(const std::string& key, const content::HashFields& fields) {
    std::array<std::string_view, 16> flat;
    std::size_t size = 0;
    for (const auto& field : fields) {
      flat[size++] = field.name;
      flat[size++] = field.value;
    }
    writer_.add_hash(key, {flat.data(), size});
  }
  void string(const std::string& key, std::string_view value) { writer_.add_string(key, value); }
  SetCollector::Number member(std::string_view bytes) { return sets_.member(bytes); }
  void in_set(const std::string& key, SetCollector::Number member) {
    sets_.add(sets_.key(key), member);
  }

 private:
  Status entities();
  Status associations();
  Status search_index();
  Status sets();
  Status words(SetCollector words);
  template <class File, class View, class Take>
  Status each_row(File& file, View& row, const Take& take);
  Status flush();
  Status flush_if_due() { return writer_.bytes().size() < kFlushBytes ? Status{} : flush(); }

  const std::string& directory_;
  const ContentCheck& check_;
  keys::KeySchema schema_;
  const SnapshotSink& sink_;
  const std::stop_token& stop_;
  redis::SnapshotWriter writer_;
  SetCollector sets_;
  std::optional<WordGatherer> gatherer_;
  LoadOutcome outcome_;
};

Status SnapshotStream::flush() {
  if (stop_.stop_requested()) return interrupted();
  const Status written = sink_(writer_.bytes());
  writer_.bytes().clear();
  return written;
}

template <class File, class View, class Take>
Status SnapshotStream::each_row(File& file, View& row, const Take& take) {
  if (const Status same = same_as_checked(check_, file.reader()); !same) return same;
  for (Next next = file.next_unchecked(row); next != Next::End; next = file.next_unchecked(row)) {
    if (next != Next::Row) return make_error(ErrorKind::Io, "{}", file.problem());
    take(row);
    if (const Status flushed = flush_if_due(); !flushed) return flushed;
  }
  return Status{};
}

Status SnapshotStream::entities() {
  auto file = EntityFile::open(directory_);
  if (!file) return file.error();
  content::EntityView row;
  const Status read = each_row(*file, row, [this](const content::EntityView& entity) {
    content::spread(schema_, entity, check_.containments.path_of(entity.id), {}, *this);
    if (gatherer_) gatherer_->add(entity);
    ++outcome_.entities;
  });
  if (gatherer_) gatherer_->finish();
  return read;
}

Status SnapshotStream::associations() {
  if (!check_.files.contains("associations.csv")) return Status{};
  auto file = AssociationFile::open(directory_);
  if (!file) return file.error();
  content::AssociationView row;
  return each_row(*file, row, [this](const content::AssociationView& association) {
    content::spread(schema_, association, *this);
    ++outcome_.associations;
  });
}

Status SnapshotStream::search_index() {
  if (!check_.has_search_index) return Status{};
  auto reader = open_search_index(directory_);
  if (!reader) return reader.error();
  if (const Status same = same_as_checked(check_, *reader); !same) return same;
  SetCollector words;
  for (Next next = reader->next(); next != Next::End; next = reader->next()) {
    if (next != Next::Row) return make_error(ErrorKind::Io, "{}", reader->problem());
    const auto word = words.key(reader->field(0));
    for (const auto id : ids_in(reader->field(1))) words.add(word, words.member(id));
  }
  words.sort();
  return this->words(std::move(words));
}

Status SnapshotStream::sets() {
  sets_.sort();
  std::string_view key;
  std::span<const std::string_view> members;
  while (sets_.next(key, members)) {
    writer_.add_set(key, members);
    if (const Status flushed = flush_if_due(); !flushed) return flushed;
  }
  return Status{};
}

Status SnapshotStream::words(SetCollector words) {
  std::string_view word;
  std::span<const std::string_view> members;
  while (words.next(word, members)) {
    writer_.add_set(schema_.word(word), members);
    ++outcome_.words;
    if (const Status flushed = flush_if_due(); !flushed) return flushed;
  }
  return Status{};
}

}  // namespace

Result<LoadOutcome> stream_snapshot(const std::string& directory, const ContentCheck& check,
                                    const std::string& prefix, SnapshotMark mark,
                                    const SnapshotSink& sink, const std::stop_token& stop) {
  return SnapshotStream(directory, check, prefix, sink, stop).run(mark);
}

}  // namespace redkeep::recovery
