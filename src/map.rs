//! A sorted map that is small in the wasm.

use std::borrow::Borrow;
use std::fmt;
use std::{slice, vec};

/// Entries sorted by their keys, in runs of a bounded length, so that an insertion moves few of them.
///
/// It has the names of `BTreeMap`, whose code is ten times as long, for each type of key and value anew.
///
/// ```
/// use docktag::map::Map;
///
/// let mut map = Map::from([("b", 1), ("a", 2)]);
/// assert_eq!(map.insert("b", 3), Some(1));
/// assert_eq!(map.iter().collect::<Vec<_>>(), [(&"a", &2), (&"b", &3)]);
/// assert_eq!(map.get("c"), None);
/// ```
#[derive(Clone)]
pub struct Map<K, V> {
    /// None is empty.
    runs: Vec<Vec<(K, V)>>,
}

/// A longer run is cut in two.
const RUN_MAX: usize = 256;

/// Sorted keys.
pub type Set<K> = Map<K, ()>;

impl<K: Ord> Set<K> {
    /// Adds a key, and says whether it is new.
    pub fn add(&mut self, key: K) -> bool {
        self.insert(key, ()).is_none()
    }
}

impl<K: Ord, V> Map<K, V> {
    /// A map with nothing in it.
    pub const fn new() -> Self {
        Map { runs: Vec::new() }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.runs.iter().map(Vec::len).sum()
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        Some(self.get_key_value(key)?.1)
    }

    /// The key as it stands in the map, and its value.
    pub fn get_key_value<Q: Ord + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        let (run, place) = self.find(key);
        let (key, value) = self.runs.get(run)?.get(place.ok()?)?;
        Some((key, value))
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let (run, place) = self.find(key);
        Some(&mut self.runs.get_mut(run)?.get_mut(place.ok()?)?.1)
    }

    /// Whether a key is there.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).1.is_ok()
    }

    /// Sets the value of a key, and gives back what it was.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (at, place) = self.find(&key);
        let Some(run) = self.runs.get_mut(at) else {
            self.runs.push(vec![(key, value)]);
            return None;
        };
        match place {
            Ok(index) => run.get_mut(index).map(|(_, old)| std::mem::replace(old, value)),
            Err(index) => {
                run.insert(index, (key, value));
                if run.len() > RUN_MAX {
                    let second = run.split_off(RUN_MAX / 2);
                    self.runs.insert(at + 1, second);
                }
                None
            }
        }
    }

    /// Sets the value of a key that is not there; another one is left as it is.
    pub fn insert_new(&mut self, key: K, value: V) {
        if !self.contains_key(&key) {
            self.insert(key, value);
        }
    }

    /// Takes a key away.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (at, place) = self.find(key);
        let (run, index) = (self.runs.get_mut(at)?, place.ok()?);
        let (_, value) = run.remove(index);
        if run.is_empty() {
            self.runs.remove(at);
        }
        Some(value)
    }

    /// Keeps the entries that are wanted.
    pub fn retain(&mut self, is_wanted: impl Fn(&K, &V) -> bool) {
        self.runs.iter_mut().for_each(|run| run.retain(|(key, value)| is_wanted(key, value)));
        self.runs.retain(|run| !run.is_empty());
    }

    /// The entries, sorted by key.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter { run: [].iter(), rest: self.runs.iter() }
    }

    /// The keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The values, sorted by key.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// The entries, sorted by key, their values to be changed.
    pub fn iter_mut(&mut self) -> IterMut<'_, K, V> {
        IterMut { run: [].iter_mut(), rest: self.runs.iter_mut() }
    }

    /// The values, sorted by key, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.iter_mut().map(|(_, value)| value)
    }

    /// The run where a key is or would be, and the place in it.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> (usize, Result<usize, usize>)
    where
        K: Borrow<Q>,
    {
        let begins_before = |run: &Vec<(K, V)>| run.first().is_some_and(|(first, _)| first.borrow() <= key);
        let at = self.runs.partition_point(begins_before).saturating_sub(1);
        let run = self.runs.get(at).map_or(&[][..], Vec::as_slice);
        (at, run.binary_search_by(|(other, _)| other.borrow().cmp(key)))
    }
}

/// See [`Map::iter`].
#[derive(Debug)]
pub struct Iter<'a, K, V> {
    run: slice::Iter<'a, (K, V)>,
    rest: slice::Iter<'a, Vec<(K, V)>>,
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        if self.run.as_slice().is_empty() {
            self.run = self.rest.next()?.iter();
        }
        let (key, value) = self.run.next()?;
        Some((key, value))
    }
}

/// See [`Map::iter_mut`].
#[derive(Debug)]
pub struct IterMut<'a, K, V> {
    run: slice::IterMut<'a, (K, V)>,
    rest: slice::IterMut<'a, Vec<(K, V)>>,
}

impl<'a, K, V> Iterator for IterMut<'a, K, V> {
    type Item = (&'a K, &'a mut V);

    fn next(&mut self) -> Option<Self::Item> {
        if self.run.as_slice().is_empty() {
            self.run = self.rest.next()?.iter_mut();
        }
        let (key, value) = self.run.next()?;
        Some((key, value))
    }
}

impl<'a, K: Ord, V> IntoIterator for &'a Map<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<'a, K: Ord, V> IntoIterator for &'a mut Map<K, V> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = IterMut<'a, K, V>;

    fn into_iter(self) -> IterMut<'a, K, V> {
        self.iter_mut()
    }
}

impl<K, V> IntoIterator for Map<K, V> {
    type Item = (K, V);
    type IntoIter = vec::IntoIter<(K, V)>;

    fn into_iter(self) -> vec::IntoIter<(K, V)> {
        let mut runs = self.runs.into_iter();
        let mut all = runs.next().unwrap_or_default();
        runs.for_each(|mut run| all.append(&mut run));
        all.into_iter()
    }
}

impl<K: Ord, V> Extend<(K, V)> for Map<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Map::new();
        map.extend(entries);
        map
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for Map<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Map { runs: Vec::new() }
    }
}

impl<K: Ord, V: PartialEq> PartialEq for Map<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl<K: Ord, V: Eq> Eq for Map<K, V> {}

impl<K: Ord + fmt::Debug, V: fmt::Debug> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn it_does_what_a_btreemap_does() {
        let (mut ours, mut theirs) = (Map::new(), BTreeMap::new());
        let mut state = 1_u32;
        for step in 0..20_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = (state >> 16) % 3_000;
            match state >> 30 {
                0 => assert_eq!(ours.remove(&key), theirs.remove(&key)),
                1 => {
                    ours.insert_new(key, step);
                    theirs.entry(key).or_insert(step);
                }
                _ => assert_eq!(ours.insert(key, step), theirs.insert(key, step)),
            }
            assert_eq!(ours.get(&(key / 2)), theirs.get(&(key / 2)));
        }
        assert!(ours.len() > RUN_MAX && ours.len() == theirs.len() && ours.iter().eq(&theirs));
        ours.values_mut().for_each(|value| *value += 1);
        theirs.values_mut().for_each(|value| *value += 1);
        ours.retain(|key, _| key % 3 == 0);
        theirs.retain(|key, _| key % 3 == 0);
        assert!(ours.keys().eq(theirs.keys()) && ours.values().eq(theirs.values()));
        let mut entries: Vec<(u32, i32)> = ours.clone().into_iter().collect();
        entries.reverse();
        assert_eq!(ours, entries.into_iter().collect());
        assert!(ours.into_iter().eq(theirs));
    }

    #[test]
    fn an_emptied_map_is_empty() {
        let mut map: Map<_, _> = (0..1000).map(|key| (key, ())).collect();
        (0..1000).for_each(|key| assert_eq!(map.remove(&key), Some(())));
        assert!(map.is_empty() && map == Map::default() && map.iter().next().is_none());
    }
}
