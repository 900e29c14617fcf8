//! The nodes in an order in which each comes before the one it runs to.

/// What a node waits for once it is sorted in.
const SORTED: u8 = u8::MAX;

/// Sorts the nodes: from each spring down as far as no other water is to be waited for (Zhou, Wei and Fu 2019,
/// doi 10.1007/s11707-018-0725-9). Nodes that follow each other mostly lie beside each other, in memory as well.
pub(super) fn sort(receivers: &[u32], waiting: &mut Vec<u8>, order: &mut Vec<u32>) {
    waiting.clear();
    waiting.resize(receivers.len(), 0);
    order.clear();
    order.reserve(receivers.len());
    for (node, &receiver) in receivers.iter().enumerate() {
        if receiver as usize != node {
            waiting[receiver as usize] += 1;
        }
    }
    for spring in 0..receivers.len() {
        let mut node = spring;
        while waiting[node] == 0 {
            waiting[node] = SORTED;
            order.push(node as u32);
            let receiver = receivers[node] as usize;
            if receiver != node {
                waiting[receiver] -= 1;
                node = receiver;
            }
        }
    }
}
