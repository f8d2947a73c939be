#pragma once
// Many names in little memory (16 bytes each beside their own), to be put in order once.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace redkeep::recovery {

class NameList {
 public:
  void add(std::string_view name) {
    places_.push_back({arena_.size(), static_cast<std::uint32_t>(name.size())});
    arena_ += name;
  }

  /// By their bytes, each name once.
  void sort() {
    const auto less = [this](const Place& one, const Place& other) {
      return text(one) < text(other);
    };
    const auto same = [this](const Place& one, const Place& other) {
      return text(one) == text(other);
    };
    std::sort(places_.begin(), places_.end(), less);
    places_.erase(std::unique(places_.begin(), places_.end(), same), places_.end());
  }

  std::size_t size() const { return places_.size(); }
  std::string_view operator[](std::size_t place) const { return text(places_[place]); }

 private:
  struct Place {
    std::uint64_t start;
    std::uint32_t size;
  };
  std::string_view text(const Place& place) const {
    return std::string_view(arena_).substr(place.start, place.size);
  }

  std::string arena_;
  std::vector<Place> places_;
};

}  // namespace redkeep::recovery
