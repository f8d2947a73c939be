#include "recovery/csv/content_check.h"

#include <algorithm>
#include <thread>

#include "error/error.h"
#include "recovery/load/size_estimate.h"
#include "redis/beside.h"

namespace redkeep::recovery {
namespace {

using keys::fingerprint;
using Next = CsvReader::Next;

// Words are not counted in the check; most texts have a different word for each so many bytes.
constexpr std::int64_t kTextBytesPerWord = 11;

// An association has two ids and a path, so its row has 80 bytes at the least.
constexpr std::size_t kLikelyRowBytes = 100;

std::int64_t entity_cost(const content::EntityView& entity) {
  const auto size = [](std::string_view text) { return static_cast<std::int64_t>(text.size()); };
  const std::int64_t names = size(entity.type) + size(entity.semantic_name);
  const std::int64_t hash = kKeyBytes + 60 + size(entity.data) + names + 80;
  const std::int64_t mappings = 2 * kKeyBytes + 140 + names;
  return hash + mappings + kMemberBytes * (1 + size(entity.data) / kTextBytesPerWord / 2);
}

std::int64_t association_cost(const content::AssociationView& association) {
  const auto path = static_cast<std::int64_t>(association.path.size());
  const std::int64_t hash = kKeyBytes + path + 150;
  return association.is_containment() ? hash + 2 * kKeyBytes + kMemberBytes
                                      : hash + 2 * (kMemberBytes + path / 2);
}

struct Ends {
  std::uint64_t parent;
  std::uint64_t child;
};

struct AssociationPass {
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  std::int64_t estimated_bytes = 0;
  Containments containments;
  std::vector<Ends> ends;
  ContentProblems problems;
  std::vector<std::int64_t> bad_lines;
  std::optional<CsvReader::Version> version;  // none: there is no such file
  std::optional<Error> failure;

  void bad(const CsvReader& reader, std::string problem) {
    problems.add(std::move(problem));
    if (bad_lines.empty() || bad_lines.back() != reader.line()) bad_lines.push_back(reader.line());
  }
};

bool should_stop(std::int64_t rows, const std::stop_token& stop) {
  return rows % 4096 == 0 && stop.stop_requested();
}

void check_association(const content::AssociationView& association, const CsvReader& reader,
                       keys::FingerprintSet& paths, const keys::FingerprintSet* ids,
                       const CheckEvents& events, AssociationPass& pass) {
  if (!paths.insert(fingerprint(association.path))) {
    pass.bad(reader, reader.problem_at(2, fmt::format("the path \"{}\" is there twice",
                                                      printable(association.path))));
    return;
  }
  if (ids != nullptr) {
    for (const std::size_t column : {std::size_t{0}, std::size_t{1}}) {
      const auto id = reader.field(column);
      if (ids->contains(fingerprint(id))) continue;
      pass.bad(reader, reader.problem_at(column, fmt::format("there is no entity {}", id)));
      return;
    }
  }
  if (association.is_containment()) {
    const auto before =
        pass.containments.add(association.parent_id, association.child_id, association.path,
                              static_cast<std::uint32_t>(reader.line()));
    if (before) {
      pass.bad(reader, reader.problem_at(
                           1, fmt::format("{} has two containing parents: by the paths \"{}\" and "
                                          "\"{}\"",
                                          association.child_id, printable(*before),
                                          printable(association.path))));
      return;
    }
  }
  ++pass.rows;
  pass.estimated_bytes += association_cost(association);
  if (ids == nullptr) {
    pass.ends.push_back({fingerprint(association.parent_id), fingerprint(association.child_id)});
  }
  if (events.association_passed) events.association_passed(association, reader);
}

// Of each cycle one row is bad; without it the rest is a tree.
void leave_out_cycles(AssociationPass& pass) {
  for (const auto& closing : pass.containments.break_cycles()) {
    pass.problems.add(fmt::format("associations.csv:{}:1: the containment \"{}\" closes a cycle",
                                  closing.line, printable(closing.path)));
    pass.bad_lines.push_back(closing.line);
    --pass.rows;
  }
  std::sort(pass.bad_lines.begin(), pass.bad_lines.end());
}

// With `ids` it names dangling ends too; without (the entities are being read at the same time) it
// keeps the ends to be looked up afterwards.
AssociationPass pass_associations(const std::string& directory, const keys::FingerprintSet* ids,
                                  const CheckEvents& events, const std::stop_token& stop) {
  AssociationPass pass;
  auto file = AssociationFile::open(directory);
  if (!file) {
    if (file.error().kind != ErrorKind::NotFound) pass.failure = file.error();
    return pass;
  }
  pass.bytes = file->reader().file_bytes();
  pass.version = file->reader().version();
  keys::FingerprintSet paths;
  const auto likely_rows = static_cast<std::size_t>(pass.bytes) / kLikelyRowBytes;
  paths.reserve(likely_rows);
  if (ids == nullptr) pass.ends.reserve(likely_rows);
  content::AssociationView association;
  for (;;) {
    if (should_stop(pass.rows, stop)) {
      pass.failure = interrupted();
      return pass;
    }
    const Next next = file->next(association);
    if (next == Next::End) break;
    if (file->reader().failed()) {
      pass.failure = Error{ErrorKind::Io, file->problem()};
      return pass;
    }
    if (next != Next::Row) {
      pass.bad(file->reader(), file->problem());
      if (next == Next::Broken) break;
      continue;
    }
    check_association(association, file->reader(), paths, ids, events, pass);
  }
  leave_out_cycles(pass);
  return pass;
}

Status pass_entities(EntityFile& file, ContentCheck& check, const std::stop_token& stop,
                     const CheckEvents& events) {
  keys::FingerprintSet names;
  std::string name;
  content::EntityView entity;
  const CsvReader& reader = file.reader();
  const auto bad = [&](std::string problem) {
    check.problems.add(std::move(problem));
    check.bad_entity_lines.push_back(reader.line());
  };
  for (;;) {
    if (should_stop(check.entities, stop)) return interrupted();
    const Next next = file.next(entity);
    if (next == Next::End) return {};
    if (reader.failed()) return Error{ErrorKind::Io, file.problem()};
    if (next != Next::Row) {
      bad(file.problem());
      if (next == Next::Broken) return {};
      continue;
    }
    name.clear();
    if (!entity.semantic_name.empty())
      name.append(entity.type).append(":").append(entity.semantic_name);
    if (check.entity_ids.contains(fingerprint(entity.id))) {
      bad(reader.problem_at(0, fmt::format("the id {} is there twice", entity.id)));
    } else if (!name.empty() && !names.insert(fingerprint(name))) {
      bad(reader.problem_at(2, fmt::format("the semantic name {} is there twice for the type {}",
                                           entity.semantic_name, entity.type)));
    } else {
      check.entity_ids.insert(fingerprint(entity.id));
      ++check.entities;
      check.estimated_bytes += entity_cost(entity);
      if (events.entity_passed) events.entity_passed(entity, reader);
    }
  }
}

// Why a row of the search index is bad, if it is.
std::optional<std::string> search_row_fault(const CsvReader& reader, keys::FingerprintSet& words,
                                            const keys::FingerprintSet& entities) {
  const auto word = reader.field(0);
  if (word.empty() || word.size() > 64) {
    return reader.problem_at(0, "a word must have 1 to 64 bytes");
  }
  auto ids = ids_in(reader.field(1));
  for (const auto id : ids) {
    if (entities.contains(fingerprint(id))) continue;
    return reader.problem_at(1, fmt::format("there is no entity \"{}\"", printable(id, 80)));
  }
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice != ids.end()) {
    return reader.problem_at(1, fmt::format("the id {} is there twice", *twice));
  }
  if (!words.insert(fingerprint(word))) {
    return reader.problem_at(0, fmt::format("the word \"{}\" is there twice", printable(word)));
  }
  return std::nullopt;
}

Status check_search_index(const std::string& directory, ContentCheck& check,
                          const CheckEvents& events) {
  auto reader = open_search_index(directory);
  if (!reader) {
    return reader.error().kind == ErrorKind::NotFound ? Status{} : Status{reader.error()};
  }
  check.has_search_index = true;
  check.files[reader->name()] = reader->version();
  check.total_bytes += reader->file_bytes();
  keys::FingerprintSet words;
  for (;;) {
    const Next next = reader->next();
    if (next == Next::End) return {};
    if (reader->failed()) return Error{ErrorKind::Io, reader->problem()};
    std::optional<std::string> fault = reader->problem();
    if (next == Next::Row) fault = search_row_fault(*reader, words, check.entity_ids);
    if (!fault) {
      if (events.word_passed) events.word_passed(reader->field(0), *reader);
      continue;
    }
    check.problems.add(std::move(*fault));
    check.bad_index_lines.push_back(reader->line());
    if (next == Next::Broken) return {};
  }
}

bool any_dangling(const AssociationPass& pass, const keys::FingerprintSet& ids) {
  for (const auto& ends : pass.ends) {
    if (!ids.contains(ends.parent) || !ids.contains(ends.child)) return true;
  }
  return false;
}

}  // namespace

redis::awaitable<Result<ContentCheck>> check_content_beside(std::string directory,
                                                            std::stop_token stop,
                                                            CheckEvents events) {
  const auto check = [&] { return check_content(directory, stop, events); };
  co_return co_await redis::beside(check);
}

Result<ContentCheck> check_content(const std::string& directory, std::stop_token stop,
                                   const CheckEvents& events) {
  auto entities = EntityFile::open(directory);
  if (!entities) return entities.error();
  ContentCheck check;
  check.total_bytes = entities->reader().file_bytes();
  check.files[entities->reader().name()] = entities->reader().version();
  AssociationPass associations;
  Status read;
  {
    const std::jthread beside([&] {
      associations = pass_associations(directory, nullptr, events, stop);
      if (events.associations_read) events.associations_read();
    });
    read = pass_entities(*entities, check, stop, events);
  }
  if (!read) return read.error();
  if (associations.failure) return *associations.failure;
  // Rare and slow: which rows dangle is told by reading the file again with the ids at hand.
  if (any_dangling(associations, check.entity_ids)) {
    associations = pass_associations(directory, &check.entity_ids, {}, stop);
    if (associations.failure) return *associations.failure;
  }
  if (associations.version) check.files["associations.csv"] = *associations.version;
  check.associations = associations.rows;
  check.total_bytes += associations.bytes;
  check.estimated_bytes += associations.estimated_bytes;
  check.containments = std::move(associations.containments);
  check.problems.add_all(associations.problems);
  check.bad_association_lines = std::move(associations.bad_lines);
  if (const Status index = check_search_index(directory, check, events); !index)
    return index.error();
  return check;
}

Status same_as_checked(const ContentCheck& check, const CsvReader& reader) {
  const auto checked = check.files.find(reader.name());
  if (checked != check.files.end() && checked->second == reader.version()) return {};
  return make_error(ErrorKind::Io, "{} was changed after it was checked: start again",
                    reader.name());
}

}  // namespace redkeep::recovery
