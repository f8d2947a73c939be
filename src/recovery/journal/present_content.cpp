#include "recovery/journal/present_content.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <set>

#include "content/words.h"
#include "error/error.h"
#include "recovery/checkpoint/checkpoint_reader.h"
#include "recovery/csv/content_directory.h"
#include "recovery/csv/csv_writer.h"
#include "recovery/journal/content_changes.h"
#include "recovery/journal/data_directory.h"
#include "recovery/journal/journal_identity.h"
#include "recovery/journal/journal_reader.h"
#include "recovery/journal/journal_writer.h"
#include "recovery/verify/expected_keys.h"

namespace redkeep::recovery {
namespace {

namespace fs = std::filesystem;
using Next = CsvReader::Next;

constexpr std::string_view kMadeHere = "present.";  // and the process
constexpr std::array<std::string_view, 3> kMadeFiles{"entities.csv", "associations.csv",
                                                     "search_index.csv"};

struct JournalPart {
  std::vector<GraphChange> changes;  // without what was taken back
  std::int64_t last_position = 0;    // of the last change, whether among those or behind `up_to`
  std::int64_t end = 0;              // of the last line
};

// The changes behind `after`, up to and with `up_to`.
Result<JournalPart> read_journal(const std::string& directory, std::int64_t after,
                                 std::int64_t up_to) {
  auto reader = JournalReader::open(directory, after);
  if (!reader) return reader.error();
  std::vector<JournalLine> lines;
  std::set<std::int64_t> voided;
  std::set<std::int64_t> behind;  // positions of changes
  for (;;) {
    auto line = reader->next();
    if (!line) return line.error();
    if (!*line) break;
    if (const auto position = voided_by(**line)) {
      voided.insert(*position);
    } else if ((*line)->position <= up_to) {
      lines.push_back(std::move(**line));
    } else {
      behind.insert((*line)->position);
    }
  }
  JournalPart part;
  part.last_position = after;
  part.end = reader->last_position();
  for (const auto position : behind) {
    if (!voided.contains(position)) part.last_position = position;
  }
  for (auto& line : lines) {
    if (voided.contains(line.position)) continue;
    part.last_position = std::max(part.last_position, line.position);
    auto change = change_of(std::move(line));
    if (!change) return change.error();
    part.changes.push_back(std::move(*change));
  }
  return part;
}

// What a server at `position` has of the journal since the base was written.
Result<JournalPart> read_since(const std::string& journal, const ContentBase& base,
                               std::optional<std::int64_t> position) {
  return read_journal(journal, base.position, std::max(position.value_or(0), base.position));
}

void remove_made(const std::string& directory) {
  std::error_code ignored;
  for (const auto name : kMadeFiles) fs::remove(directory + "/" + std::string(name), ignored);
  fs::remove(directory, ignored);
}

// Those of processes that were killed.
void remove_left(const std::string& data_directory) {
  std::error_code failure;
  for (fs::directory_iterator entry(data_directory, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(kMadeHere)) continue;
    pid_t process = 0;
    const char* digits = name.data() + kMadeHere.size();
    const auto parsed = std::from_chars(digits, name.data() + name.size(), process);
    if (parsed.ec == std::errc{} && process > 0 && ::kill(process, 0) != 0 && errno == ESRCH) {
      remove_made(entry->path().string());
    }
  }
}

enum class Missing { IsAnError, IsEmpty };

// Gives each row of a file of `directory` to `take`, until that fails.
template <class File, class View, class Take>
Status each_row(const std::string& directory, Missing missing, Take take) {
  auto file = File::open(directory);
  if (!file) {
    const bool is_empty = missing == Missing::IsEmpty && file.error().kind == ErrorKind::NotFound;
    return is_empty ? Status{} : Status{file.error()};
  }
  View row;
  for (Next next = file->next(row); next != Next::End; next = file->next(row)) {
    if (next != Next::Row) return make_error(ErrorKind::InvalidInput, "{}", file->problem());
    if (const Status taken = take(row); !taken) return taken;
  }
  return {};
}

template <class Take>
Status each_entity(const std::string& directory, Take take) {
  return each_row<EntityFile, content::EntityView>(directory, Missing::IsAnError, std::move(take));
}
template <class Take>
Status each_association(const std::string& directory, Take take) {
  return each_row<AssociationFile, content::AssociationView>(directory, Missing::IsEmpty,
                                                             std::move(take));
}

Status write_entities(Disk& disk, const ContentBase& base, const ContentChanges& changes,
                      const std::string& into) {
  auto out = CsvWriter::create(
      disk, into + "/entities.csv",
      {"id", "type", "semantic_name", "data", "created_by", "created_at", "updated_at"});
  if (!out) return out.error();
  const auto add = [&](const content::EntityView& e) {
    return out->add(
        {e.id, e.type, e.semantic_name, e.data, e.created_by, e.created_at, e.updated_at});
  };
  Status done;
  if (!base.directory.empty()) {
    done = each_entity(base.directory, [&](const content::EntityView& row) {
      return changes.leaves(row) ? add(row) : Status{};
    });
  }
  if (!done) return done;
  for (const auto& [id, entity] : changes.entities()) {
    if (const Status added = add(content::view_of(entity)); !added) return added;
  }
  return out->finish();
}

Status write_associations(Disk& disk, const ContentBase& base, const ContentChanges& changes,
                          const std::string& into) {
  auto out = CsvWriter::create(disk, into + "/associations.csv",
                               {"parent_id", "child_id", "path", "type", "weight"});
  if (!out) return out.error();
  const auto add = [&](const content::AssociationView& a) {
    return out->add({a.parent_id, a.child_id, a.path, a.type, a.weight});
  };
  Status done;
  if (!base.directory.empty()) {
    done = each_association(base.directory, [&](const content::AssociationView& row) {
      return changes.leaves(row) ? add(row) : Status{};
    });
  }
  if (!done) return done;
  for (const auto& [path, association] : changes.associations()) {
    const std::string weight = std::to_string(association.weight);
    if (const Status added = add(content::view_of(association, weight)); !added) return added;
  }
  return out->finish();
}

// Into a directory that its last owner removes.
Result<std::shared_ptr<std::string>> write_anew(Disk& disk, const Options& options,
                                                const ContentBase& base,
                                                const ContentChanges& changes) {
  remove_left(options.data_directory);
  static std::atomic<int> number = 0;
  std::shared_ptr<std::string> made(
      new std::string(
          fmt::format("{}/{}{}.{}", options.data_directory, kMadeHere, ::getpid(), ++number)),
      [](const std::string* directory) {
        remove_made(*directory);
        delete directory;
      });
  remove_made(*made);  // of a process that had our number before us
  if (const Status there = make_directory(disk, *made); !there) return there.error();
  if (const Status done = write_entities(disk, base, changes, *made); !done) return done.error();
  if (const Status done = write_associations(disk, base, changes, *made); !done) {
    return done.error();
  }
  std::error_code failure;
  const std::string index = base.directory + "/search_index.csv";
  if (!base.directory.empty() && fs::exists(index, failure)) {
    fs::create_symlink(fs::absolute(index), *made + "/search_index.csv", failure);
    if (failure) {
      return make_error(ErrorKind::Io, "cannot link {}: {}", index, failure.message());
    }
  }
  return made;
}

// A sink of content::spread(): the keys alone.
struct KeyPrints {
  keys::FingerprintSet prints = {};
  void hash(std::string_view key, const content::HashFields&) { prints.insert(key_print(key)); }
  void string(std::string_view key, std::string_view) { prints.insert(key_print(key)); }
  std::string_view member(std::string_view bytes) const { return bytes; }
  void in_set(std::string_view key, std::string_view) { prints.insert(key_print(key)); }
};

// The keys of what changes name: of the records as they were in `directory`, and as they are now.
class Touched {
 public:
  Touched(const keys::KeySchema& schema, std::vector<GraphChange> changes) : schema_(schema) {
    for (auto& change : changes) note(change);
  }

  // The links and the place of an entity may go with it, and an entity's hash has its path.
  Result<keys::FingerprintSet> in(const std::string& directory) {
    Status done = each_association(directory, [this](const content::AssociationView& row) {
      const bool is_touched = paths_.contains(row.path) || removed_.contains(row.parent_id) ||
                              removed_.contains(row.child_id);
      if (!is_touched) return Status{};
      content::spread(schema_, row, keys_);
      entities_.emplace(row.child_id);
      return Status{};
    });
    if (!done) return done.error();
    done = each_entity(directory, [this](const content::EntityView& row) {
      if (!entities_.contains(row.id) && !removed_.contains(row.id)) return Status{};
      content::spread(schema_, row, {}, extractor_.words_of(row), keys_);
      return Status{};
    });
    if (!done) return done.error();
    return std::move(keys_.prints);
  }

 private:
  void note(const GraphChange& change) {
    if (const auto* entity = std::get_if<Entity>(&change)) {
      const auto view = content::view_of(*entity);
      content::spread(schema_, view, {}, extractor_.words_of(view), keys_);
      entities_.insert(entity->id);
    } else if (const auto* gone = std::get_if<RemoveEntity>(&change)) {
      removed_.insert(gone->id);
    } else if (const auto* link = std::get_if<Association>(&change)) {
      content::spread(schema_, content::view_of(*link, "0"), keys_);
      paths_.insert(link->path);
      entities_.insert(link->child_id);
    } else if (const auto* cut = std::get_if<RemoveAssociation>(&change)) {
      paths_.insert(cut->path);
    } else if (const auto* added = std::get_if<AddWord>(&change)) {
      keys_.prints.insert(key_print(schema_.word(added->word)));
    } else if (const auto* taken = std::get_if<RemoveWord>(&change)) {
      keys_.prints.insert(key_print(schema_.word(taken->word)));
    }
  }

  const keys::KeySchema& schema_;
  content::WordExtractor extractor_;
  KeyPrints keys_;
  std::set<std::string, std::less<>> entities_;
  std::set<std::string, std::less<>> removed_;
  std::set<std::string, std::less<>> paths_;
};

}  // namespace

Result<ContentBase> content_base(const Options& options) {
  if (options.data_directory.empty()) return ContentBase{options.content_directory, 0};
  const std::string place = DataDirectory::checkpoint_of(options.data_directory);
  const auto checkpoint = open_checkpoint(place);
  if (checkpoint) {
    return ContentBase{checkpoint->directory, checkpoint->manifest.position.value_or(0)};
  }
  if (checkpoint.error().kind != ErrorKind::NotFound) return checkpoint.error();
  std::error_code failure;
  if (fs::is_directory(place, failure) && !fs::is_empty(place, failure)) {
    return make_error(ErrorKind::Io,
                      "{} has files and no manifest.json: it is no checkpoint that can be trusted; "
                      "move it away, or put back what was there",
                      printable(place));
  }
  return ContentBase{options.content_directory, 0};
}

Result<ExpectedContent> present_content(Disk& disk, const Options& options, WithoutBase without,
                                        std::optional<std::int64_t> position) {
  auto base = content_base(options);
  if (!base) return base.error();
  const auto identity = read_journal_identity(options.data_directory);
  if (!identity) return identity.error();
  const std::string journal = DataDirectory::journal_of(options.data_directory);
  auto part = read_since(journal, *base, position);
  if (!part) {
    // A checkpoint that was written meanwhile takes files of the journal away.
    const auto newer = content_base(options);
    if (!newer || newer->position == base->position) return part.error();
    base = newer;
    part = read_since(journal, *base, position);
    if (!part) return part.error();
  }
  const bool has_base = !base->directory.empty();
  const std::int64_t at = std::max(position.value_or(0), base->position);
  if (!has_base && part->last_position == 0) {
    return make_error(
        ErrorKind::InvalidInput,
        "{0} has neither a checkpoint nor a journal yet, so there is nothing to compare "
        "with: name the content directory (redkeep verify DIR --data {0})",
        printable(options.data_directory));
  }
  if (!has_base && without == WithoutBase::Refused) {
    return make_error(ErrorKind::InvalidInput,
                      "{0} has no checkpoint yet, and what its journal was begun on is not named: "
                      "name the content directory beside --data {0}, or write a checkpoint of what "
                      "Redis holds (redkeep checkpoint --data {0})",
                      printable(options.data_directory));
  }
  ContentChanges changes;
  for (auto& change : part->changes) changes.apply(std::move(change));
  ExpectedContent content;
  content.directory = base->directory;
  content.wanted_position = part->last_position;
  content.last_position = part->end;
  content.data_directory = options.data_directory;
  content.journal = *identity;
  const keys::KeySchema schema(options.prefix);
  for (const auto& word : changes.words()) content.not_judged.insert(key_print(schema.word(word)));
  if (!changes.empty() || !has_base) {
    auto made = write_anew(disk, options, *base, changes);
    if (!made) return made.error();
    content.directory = **made;
    content.files = std::move(*made);
  }
  content.touched_since = [schema, journal, at,
                           directory = content.directory]() -> Result<keys::FingerprintSet> {
    auto since = read_journal(journal, at, std::numeric_limits<std::int64_t>::max());
    if (!since) return within("what was stored meanwhile is not known, try again", since.error());
    if (since->changes.empty()) return keys::FingerprintSet();
    Touched touched(schema, std::move(since->changes));
    return touched.in(directory);
  };
  return content;
}

ContentAt present_content_of(Options options, WithoutBase without) {
  return [options = std::move(options), without](std::optional<std::int64_t> position) {
    return present_content(Disk::real(), options, without, position);
  };
}

}  // namespace redkeep::recovery
