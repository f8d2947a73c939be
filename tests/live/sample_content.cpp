#include "live/sample_content.h"

#include <array>
#include <cstdio>
#include <random>

namespace redkeep::test {

std::string id_of(int number) {
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "00000000-0000-4000-8000-%012d", number);
  return text.data();
}

std::string entity_row(int number, const std::string& type, const std::string& name,
                       const std::string& title) {
  return id_of(number) + "," + type + "," + name + ",\"{\"\"title\"\":\"\"" + title +
         "\"\"}\",,,\n";
}

std::string association_row(int parent, int child, const std::string& path, const std::string& type,
                            int weight) {
  return id_of(parent) + "," + id_of(child) + "," + path + "," + type + "," +
         std::to_string(weight) + "\n";
}

void write_content(const TemporaryDirectory& directory, const std::string& entity_rows,
                   const std::string& association_rows) {
  directory.write("entities.csv", kEntityHeader + entity_rows);
  directory.write("associations.csv", kAssociationHeader + association_rows);
}

void write_made_up_content(const TemporaryDirectory& directory, int entities, unsigned seed) {
  static constexpr std::array kWords{"paper",   "plane", "größe", "straße", "river", "mountain",
                                     "надпись", "水",    "copy",  "window", "lamp",  "garden"};
  static constexpr std::array kTypes{"page", "snippet", "plugin"};
  std::minstd_rand random(seed);
  const auto below = [&](int limit) {
    return static_cast<int>(random() % static_cast<unsigned>(limit));
  };
  std::string rows;
  std::string places;
  for (int i = 0; i < entities; ++i) {
    std::string title = "entity" + std::to_string(i);
    for (int k = 0; k < 4; ++k) title += std::string(" ") + kWords[below(kWords.size())];
    const std::string name =
        below(4) == 0 ? "" : "$name" + std::to_string(below(3)) + "-" + std::to_string(i);
    rows += entity_row(i, kTypes[below(kTypes.size())], name, title);
    if (i == 0) continue;
    const int parent = below(i);
    places += association_row(parent, i, "/" + std::to_string(parent) + "/" + std::to_string(i),
                              "contains", below(100));
    const int other = (i + 1 + below(entities - 1)) % entities;  // never i itself
    places += association_row(i, other, "/references/" + std::to_string(i), "references");
  }
  write_content(directory, rows, places);
}

}  // namespace redkeep::test
