#pragma once
// Content directories for tests: a few rows written by hand, or many made up from a seed.
#include <string>

#include "live/process.h"

namespace redkeep::test {

inline const std::string kEntityHeader =
    "id,type,semantic_name,data,created_by,created_at,updated_at\n";
inline const std::string kAssociationHeader = "parent_id,child_id,path,type,weight\n";

/// "00000000-0000-4000-8000-000000000007" for 7.
std::string id_of(int number);

/// A row of entities.csv; `title` goes into its data.
std::string entity_row(int number, const std::string& type, const std::string& name,
                       const std::string& title);
/// A row of associations.csv.
std::string association_row(int parent, int child, const std::string& path,
                            const std::string& type = "contains", int weight = 0);

/// Writes both files from rows.
void write_content(const TemporaryDirectory& directory, const std::string& entity_rows,
                   const std::string& association_rows);

/// `entities` pages with titles out of a small stock of words, in a tree under the first of them,
/// and as many references across it. Another seed gives the same ids with other names, texts and
/// places.
void write_made_up_content(const TemporaryDirectory& directory, int entities, unsigned seed);

}  // namespace redkeep::test
