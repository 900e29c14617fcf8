// The NanoVDB side of the queries bench: commands on stdin, one line back for each.
//
// g++ -O3 -std=c++17 -march=x86-64 nanovdb.cpp -o nanovdb
//
// Usage: nanovdb DIR SX SY SZ

#define NDEBUG                  // HDDA checks each init with an assert
#define USE_SINGLE_ACCESSOR_KEY // Faster rays by 3 to 10 percent

#include <nanovdb/NanoVDB.h>
#include <nanovdb/util/GridBuilder.h>
#include <nanovdb/util/HDDA.h>
#include <nanovdb/util/Ray.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <malloc.h>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

using nanovdb::Coord;
using nanovdb::CoordBBox;

// The smallest type that holds 16 bits: half the cache lines of UInt32 or float, and the builder takes it.
using Value = int16_t;
using Builder = nanovdb::GridBuilder<Value>;
using Grid = nanovdb::NanoGrid<Value>;
// For steps that stay near to each other, and for those that do not: there a cache only costs its checks.
using NearAccessor = nanovdb::ReadAccessor<Value, 0, 1>;
using FarAccessor = nanovdb::ReadAccessor<Value>;
using Clock = std::chrono::steady_clock;

constexpr int LEAF = 8;

[[noreturn]] void fail(const std::string& text)
{
    std::cerr << "nanovdb: " << text << std::endl;
    std::exit(2);
}

template<class T>
std::vector<T> load(const std::string& path, size_t per_item)
{
    std::error_code error;
    const size_t bytes = std::filesystem::file_size(path, error);
    if (error) fail(path + ": " + error.message());
    if (bytes % (per_item * sizeof(T)) != 0) {
        fail(path + " has " + std::to_string(bytes) + " bytes, not a multiple of " +
             std::to_string(per_item * sizeof(T)));
    }
    std::vector<T> items(bytes / sizeof(T));
    std::ifstream file(path, std::ios::binary);
    if (!file.read(reinterpret_cast<char*>(items.data()), bytes)) fail("cannot read " + path);
    return items;
}

template<class T>
void store(const std::string& path, const std::vector<T>& items)
{
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(items.data()), items.size() * sizeof(T));
    if (!file.flush()) fail("cannot write " + path);
}

int64_t ns_since(Clock::time_point start)
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
}

struct Volume
{
    Coord size;
    std::vector<uint16_t> voxels;

    Value at(const Coord& c) const
    {
        return Value(voxels[c[0] + size_t(size[0]) * (c[2] + size_t(size[2]) * c[1])]);
    }
};

nanovdb::GridHandle<> build(const Volume& volume)
{
    Builder builder(0);
    builder.setStats(nanovdb::StatsMode::BBox);
    builder.setChecksum(nanovdb::ChecksumMode::Disable);
    builder([&](const Coord& c) { return volume.at(c); }, CoordBBox(Coord(0), volume.size - Coord(1)));

    // The builder also takes a node for uniform when only its last entry differs. Those are set again.
    auto accessor = builder.getAccessor();
    for (int x = LEAF - 1; x < volume.size[0]; x += LEAF) {
        for (int y = LEAF - 1; y < volume.size[1]; y += LEAF) {
            for (int z = LEAF - 1; z < volume.size[2]; z += LEAF) {
                const Coord last(x, y, z);
                const Value value = volume.at(last);
                if (accessor.getValue(last) == value && accessor.isActive(last) == (value != 0)) continue;
                auto* leaf = accessor.setValue(last, value);
                for (uint32_t n = 0; n < leaf->SIZE; ++n) {
                    leaf->mValues[n] = volume.at(leaf->offsetToGlobalCoord(n));
                    leaf->mValueMask.set(n, leaf->mValues[n] != 0);
                }
            }
        }
    }
    return builder.getHandle();
}

// The library's ray places its points with fmaf: in single precision, and by a call without FMA.
struct Ray : nanovdb::Ray<double>
{
    using nanovdb::Ray<double>::Ray;

    Vec3T operator()(double t) const { return this->eye() + this->dir() * t; }
};

struct Hit
{
    int32_t x, y, z, pad;
    double t;
};
static_assert(sizeof(Hit) == 24);

constexpr Hit MISS = {INT32_MIN, 0, 0, 0, 0.0};

Hit trace(const double* at, const CoordBBox& bounds, const NearAccessor& accessor)
{
    using Vec = Ray::Vec3T;
    Ray ray(Vec(at[0], at[1], at[2]), Vec(at[3], at[4], at[5]), 0);
    if (!ray.clip(bounds)) return MISS;
    Coord cell = nanovdb::RoundDown<Coord>(ray(ray.t0()));
    nanovdb::HDDA<Ray> hdda(ray, accessor.getDim(cell, ray));
    while (!accessor.isActive(cell)) {
        if (!hdda.step()) return MISS;
        cell = hdda.voxel();
        int dim = accessor.getDim(cell, ray);
        if (dim == hdda.dim()) continue;
        // A little behind the face, or a rounding would place the ray in the node that it leaves.
        const double t = hdda.time() + 1e-7;
        if (t > ray.t1()) return MISS;
        if (dim < hdda.dim()) {
            cell = nanovdb::RoundDown<Coord>(ray(t));
            dim = accessor.getDim(cell, ray);
        }
        hdda.init(ray, t, ray.t1(), dim);
    }
    if (hdda.dim() > 1) {
        const Coord low = hdda.voxel(), high = low + Coord(hdda.dim() - 1);
        cell = nanovdb::RoundDown<Coord>(ray(hdda.time())).maxComponent(low).minComponent(high);
    }
    return {cell[0], cell[1], cell[2], 0, hdda.time()};
}

// Whether most points share the leaf of the one before.
bool mostly_near(const std::vector<int32_t>& points)
{
    size_t near = 0;
    for (size_t i = 3; i < points.size(); i += 3) {
        const int32_t* at = &points[i];
        near += uint32_t((at[0] ^ at[-3]) | (at[1] ^ at[-2]) | (at[2] ^ at[-1])) < LEAF;
    }
    return near > points.size() / 6;
}

template<class Accessor>
int64_t read(const Accessor& accessor, const std::vector<int32_t>& points, std::vector<Value>& values)
{
    const auto start = Clock::now();
    for (size_t i = 0; i < values.size(); ++i) {
        values[i] = accessor.getValue(Coord(points[3 * i], points[3 * i + 1], points[3 * i + 2]));
    }
    return ns_since(start);
}

struct Filled
{
    int64_t ns, voxels;
};

// Sets in each column (x, y) of the box the voxels of span(x, y), as the box, with exclusive ends. Goes leaf by
// leaf: the accessor finds a leaf once, the leaf takes the other voxels.
template<class Span>
Filled fill(const Coord& min, const Coord& max, Value value, Span span)
{
    Builder builder(0);
    auto accessor = builder.getAccessor();
    int64_t voxels = 0;
    const auto start = Clock::now();
    for (int x0 = min[0] & -LEAF; x0 < max[0]; x0 += LEAF) {
        for (int y0 = min[1] & -LEAF; y0 < max[1]; y0 += LEAF) {
            struct Column { int x, y, from, to; } columns[LEAF * LEAF];
            int count = 0, from = max[2], to = min[2];
            for (int x = std::max(x0, min[0]); x < std::min(x0 + LEAF, max[0]); ++x) {
                for (int y = std::max(y0, min[1]); y < std::min(y0 + LEAF, max[1]); ++y) {
                    const auto [low, high] = span(x, y);
                    if (low >= high) continue;
                    columns[count++] = {x, y, low, high};
                    from = std::min(from, low);
                    to = std::max(to, high);
                }
            }
            for (int z0 = from & -LEAF; z0 < to; z0 += LEAF) {
                decltype(accessor.setValue(min, value)) leaf = nullptr;
                for (int i = 0; i < count; ++i) {
                    const auto [x, y, low, high] = columns[i];
                    const int begin = std::max(low, z0), end = std::min(high, z0 + LEAF);
                    if (begin >= end) continue;
                    voxels += end - begin;
                    if (!leaf) leaf = accessor.setValue(Coord(x, y, begin), value);
                    // A length that the compiler knows is faster.
                    if (end - begin == LEAF) {
                        for (int z = z0; z < z0 + LEAF; ++z) leaf->setValue(Coord(x, y, z), value);
                    } else {
                        for (int z = begin; z < end; ++z) leaf->setValue(Coord(x, y, z), value);
                    }
                }
            }
        }
    }
    return {ns_since(start), voxels};
}

Filled fill_box(const Coord& min, const Coord& max, Value value)
{
    return fill(min, max, value, [&](int, int) { return std::pair(min[2], max[2]); });
}

Filled fill_sphere(const nanovdb::Vec3d& centre, double radius, Value value)
{
    const auto square = [](double a) { return a * a; };
    const nanovdb::Vec3d reach(radius + 1);
    const Coord min = nanovdb::RoundDown<Coord>(centre - reach), max = nanovdb::RoundDown<Coord>(centre + reach);
    return fill(min, max, value, [&](int x, int y) {
        const double flat = square(x + 0.5 - centre[0]) + square(y + 0.5 - centre[1]);
        const double half = std::sqrt(std::max(0.0, square(radius) - flat));
        const auto within = [&](int z) { return flat + square(z + 0.5 - centre[2]) <= square(radius); };
        // The root is good to a rounding, the ends are not.
        int low = nanovdb::Floor(centre[2] - half) - 1, high = nanovdb::Floor(centre[2] + half) + 1;
        while (low < high && !within(low)) ++low;
        while (low < high && !within(high - 1)) --high;
        return std::pair(low, high);
    });
}

int main(int count, char** arguments)
{
    if (count != 5) fail("usage: nanovdb DIR SX SY SZ");
    // One fill leaves its pages to the next, or a third of the time goes into page faults.
    mallopt(M_MMAP_THRESHOLD, 16 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    const std::string dir = arguments[1];
    Volume volume{Coord(std::atoi(arguments[2]), std::atoi(arguments[3]), std::atoi(arguments[4])), {}};
    for (int axis = 0; axis < 3; ++axis) {
        if (volume.size[axis] <= 0 || volume.size[axis] % 64 != 0) fail("sizes are multiples of 64");
    }
    volume.voxels = load<uint16_t>(dir + "/volume.u16", 1);
    const size_t expected = size_t(volume.size[0]) * volume.size[1] * volume.size[2];
    if (volume.voxels.size() != expected) {
        fail(dir + "/volume.u16 has " + std::to_string(volume.voxels.size()) + " voxels, not " +
             std::to_string(expected));
    }
    const auto handle = build(volume);
    volume.voxels = {};
    const Grid& grid = *handle.grid<Value>();
    const NearAccessor near(grid);
    const FarAccessor far(grid);
    const CoordBBox bounds = grid.indexBBox();
    std::cout << "ready" << std::endl;

    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string command, name, out;
        words >> command;
        if (command == "bytes") {
            std::cout << "bytes " << handle.size() << std::endl;
        } else if (command == "rays" && words >> name && std::getline(words >> std::ws, out)) {
            const auto rays = load<double>(dir + "/rays_" + name + ".f64", 6);
            std::vector<Hit> hits(rays.size() / 6);
            const auto start = Clock::now();
            for (size_t i = 0; i < hits.size(); ++i) hits[i] = trace(&rays[6 * i], bounds, near);
            const int64_t ns = ns_since(start);
            store(out, hits);
            std::cout << "elapsed_ns " << ns << std::endl;
        } else if (command == "points" && words >> name && std::getline(words >> std::ws, out)) {
            const auto points = load<int32_t>(dir + "/points_" + name + ".i32", 3);
            std::vector<Value> values(points.size() / 3);
            const int64_t ns = mostly_near(points) ? read(near, points, values) : read(far, points, values);
            store(out, values);
            std::cout << "elapsed_ns " << ns << std::endl;
        } else if (Coord min, max; command == "fill_box") {
            int material;
            if (words >> min[0] >> min[1] >> min[2] >> max[0] >> max[1] >> max[2] >> material) {
                const auto filled = fill_box(min, max, Value(material));
                std::cout << "elapsed_ns " << filled.ns << " voxels " << filled.voxels << std::endl;
            } else {
                std::cout << "error fill_box takes X0 Y0 Z0 X1 Y1 Z1 M" << std::endl;
            }
        } else if (command == "fill_sphere") {
            nanovdb::Vec3d centre;
            double radius;
            int material;
            if (words >> centre[0] >> centre[1] >> centre[2] >> radius >> material) {
                const auto filled = fill_sphere(centre, radius, Value(material));
                std::cout << "elapsed_ns " << filled.ns << " voxels " << filled.voxels << std::endl;
            } else {
                std::cout << "error fill_sphere takes CX CY CZ R M" << std::endl;
            }
        } else {
            std::cout << "error unknown command: " << line << std::endl;
        }
    }
}
